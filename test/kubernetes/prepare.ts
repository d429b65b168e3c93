import { programOf } from "../support/debian-package.ts";
import { prepareTools } from "./tools.ts";

/* Makes what the tests here need; with --node also what `npm run test:pods` needs. It takes minutes, and prints each step. */

/** What runs the containers of a node, by the packages of Debian that bring it. */
const OF_A_NODE = {
  containerd: "containerd",
  runc: "runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  "nginx-light": "nginx",
  iproute2: "ip",
} as const;

const say = (line: string): void => console.error(line);
const node = process.argv.includes("--node");
if (node) for (const [name, program] of Object.entries(OF_A_NODE)) await programOf({ package: name, program, say });
await prepareTools({ node }, say);
