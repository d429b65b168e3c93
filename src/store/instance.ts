import { randomUUID } from "node:crypto";
import { closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unless } from "./disk-error.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const FILE = "instance";

/** The id that was kept; undefined when none was, as before the first start. Needs no lock. */
export function keptInstance(stateDir: string): string | undefined {
  const kept = unless(["ENOENT"], () => readFileSync(join(stateDir, FILE), "utf8").trim());
  return kept !== undefined && UUID.test(kept) ? kept : undefined;
}

/**
 * The id of this installation, made once and kept in the state directory. Call with the state lock held. It is synced:
 * with another id after a power cut, outputs on a shared volume would look like somebody else's.
 */
export function readInstance(stateDir: string): string {
  const kept = keptInstance(stateDir);
  if (kept !== undefined) return kept;
  const path = join(stateDir, FILE);
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
