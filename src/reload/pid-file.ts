import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { EpochMillis } from "../domain/units.ts";

const SIZE_LIMIT = 4096;
/** The kernel's own limit (PID_MAX_LIMIT). */
const HIGHEST_PID = 4_194_304;
const WORLD_WRITABLE = 0o002;

export interface PidFile {
  readonly pid: number;
  readonly writtenAt: EpochMillis;
  /** The user that owns the file. */
  readonly owner: number;
}

/**
 * Reads a pid file: a canonical number on the first line (PostgreSQL writes more below it). Undefined when there is
 * no file; `reload_target` when it is none that may be believed.
 */
export function readPidFile(path: string): PidFile | undefined {
  const descriptor = openPidFile(path);
  if (descriptor === undefined) return undefined;
  try {
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw unsafe(path, "is not a regular file");
    if (facts.size > SIZE_LIMIT) throw unsafe(path, "is too large for a pid file");
    if ((facts.mode & WORLD_WRITABLE) !== 0) throw unsafe(path, "can be written by every user");
    const pid = parsePid(readFileSync(descriptor, "latin1"));
    if (pid === undefined) throw unsafe(path, "does not hold a pid on its first line");
    return { pid, writtenAt: facts.mtimeMs, owner: facts.uid };
  } finally {
    closeSync(descriptor);
  }
}

function openPidFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    if (code === "ENOENT") return undefined;
    throw unsafe(path, code === "ELOOP" ? "is a symbolic link" : `cannot be read (${code})`);
  }
}

function parsePid(text: string): number | undefined {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  if (!/^[1-9]\d{0,6}$/.test(line) || Number(line) > HIGHEST_PID) return undefined;
  return Number(line);
}

function unsafe(path: string, why: string): LeafdError {
  return new LeafdError("reload_target", `the pid file ${path} ${why}`, {
    hint: "Name the file that the dependent itself writes its pid to; it is read again at the next try.",
  });
}
