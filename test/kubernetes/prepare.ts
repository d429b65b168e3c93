import { prepareTools } from "./tools.ts";

/* Makes what the tests here need; with --node also what `npm run test:pods` needs. It takes minutes, and prints each step. */

await prepareTools({ node: process.argv.includes("--node") }, (line) => console.error(line));
