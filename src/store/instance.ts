import { randomUUID } from "node:crypto";
import { closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unless } from "./disk-error.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id of this installation, made once and kept in the state directory. Call with the state lock held. It is synced:
 * with another id after a power cut, outputs on a shared volume would look like somebody else's.
 */
export function readInstance(stateDir: string): string {
  const path = join(stateDir, "instance");
  const kept = unless(["ENOENT"], () => readFileSync(path, "utf8").trim());
  if (kept !== undefined && UUID.test(kept)) return kept;
  const made = randomUUID();
  writeFileSync(`${path}.tmp`, `${made}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
  const directory = openSync(stateDir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return made;
}
