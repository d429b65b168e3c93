import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { LeafdError } from "../domain/errors.ts";
import { errnoOf } from "./disk-error.ts";

/*
 * Reading what somebody points at with `leafd inspect`. Unlike the store's own reading it follows links, as the
 * dependents of that file do; like it, it never waits for a pipe and never reads more than any certificates need.
 */

/** More than any system trust bundle has. */
const LARGEST_FILE = 1024 * 1024;
/** Files of one directory that are read; a directory of certificates has a handful. */
const MOST_FILES = 256;

export interface FoundFile {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** What a path leads to; undefined: there is nothing. LeafdError `target_denied` or `io_error` when that cannot be seen. */
export function kindOf(path: string): "file" | "directory" | undefined {
  try {
    return statSync(path).isDirectory() ? "directory" : "file";
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") return undefined;
    throw refused(path, thrown);
  }
}

/** Reads a regular file. LeafdError that says why it will not: a pipe, a loop of links, too large, not permitted. */
export function readFound(path: string): FoundFile {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw new LeafdError("target_unsafe", `${path} is not a regular file`, { hint: "Name a file or a directory." });
    if (stat.size > LARGEST_FILE) {
      const hint = "Name the file with the certificate itself; nothing that holds one is that large.";
      throw new LeafdError("bad_certificate", `${path} has ${stat.size} bytes; the limit is ${LARGEST_FILE}`, { hint });
    }
    const bytes = Buffer.alloc(stat.size);
    return { bytes: bytes.subarray(0, readSync(fd, bytes)), mode: stat.mode & 0o7777 };
  } catch (thrown) {
    throw refused(path, thrown);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The names in a directory that may be of files, sorted; those that begin with a dot are passed over. */
export function filesIn(path: string): readonly string[] {
  try {
    const names = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && (entry.isFile() || entry.isSymbolicLink()))
      .map(({ name }) => name)
      .filter((name) => kindOrFile(join(path, name)) !== "directory");
    return names.sort().slice(0, MOST_FILES);
  } catch (thrown) {
    throw refused(path, thrown);
  }
}

/** A link that leads nowhere is one of the files: reading it says why. */
function kindOrFile(path: string): "file" | "directory" | undefined {
  try {
    return kindOf(path);
  } catch {
    return "file";
  }
}

const SAYS: Readonly<Record<string, string>> = {
  EACCES: "may not be read by this user",
  ELOOP: "is a loop of symbolic links",
  ENOENT: "does not exist, or is a link that leads nowhere",
};

function refused(path: string, thrown: unknown): LeafdError {
  if (thrown instanceof LeafdError) return thrown;
  const code = errnoOf(thrown) ?? "unknown error";
  const reason = code === "EACCES" ? "target_denied" : code in SAYS ? "target_unsafe" : "io_error";
  const hint = code === "EACCES" ? "Run it as leafd's user or as root." : "Look at it with `ls -l` and `namei -l`.";
  return new LeafdError(reason, `${path} ${SAYS[code] ?? `cannot be read (${code})`}`, { hint });
}
