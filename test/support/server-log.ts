import { appendFileSync, readFileSync } from "node:fs";
import type { StartedServers } from "./tally.ts";
import type { TestVault } from "./test-vault.ts";

/** Names the file in which test processes note the servers that they start; set by the runner. */
const VARIABLE = "LEAFD_TEST_SERVER_LOG";

/** From now on test processes note their servers in this file. */
export function keepServerLog(path: string): void {
  appendFileSync(path, "");
  process.env[VARIABLE] = path;
}

/** Notes that the test file of this process started a server. */
export function noteServer(kind: TestVault["kind"]): void {
  const log = process.env[VARIABLE];
  if (log !== undefined) appendFileSync(log, `${kind}\t${process.argv[1]}\n`);
}

/** Who started what. */
export function readServerLog(path: string): StartedServers {
  const started = new Map<string, Set<string>>();
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) {
    const [kind = "", file = ""] = line.split("\t");
    started.set(file, (started.get(file) ?? new Set()).add(kind));
  }
  return started;
}
