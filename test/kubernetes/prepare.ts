import { prepareTools } from "./tools.ts";

/* Makes what the tests here need; with --node also what `pods.sh` needs. It takes minutes, and prints each step. */

await prepareTools({ node: process.argv.includes("--node") }, (line) => console.error(line));
