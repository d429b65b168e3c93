import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { promisify } from "node:util";
import { LeafdError } from "../domain/errors.ts";
import { type Access, setAccess } from "./access.ts";
import type { HeldDirectory } from "./directory.ts";
import { temporaryName } from "./names.ts";

/*
 * The file operations of a commit (commit.ts), each safe by itself. One commit, as strace shows it:
 *
 *   mkdir    ..gen-T-R  0700                    nobody else can look in while it is half written
 *   openat   ..gen-T-R/tls.key  O_CREAT|O_EXCL|O_NOFOLLOW  0600    fails on anything planted there
 *   write, fchown, fchmod                       owner before mode: a chown would drop mode bits; umask has no say
 *   (the same for each file)
 *   fchown, fchmod  ..gen-T-R                   group and mode; setgid is kept
 *   openat … manifest.json                      as the other files; last, because it lists what they became
 *   symlink, rename  tls.key -> ..data/tls.key  only where it is missing or wrong
 *   fsync    each file, ..gen-T-R, directory    all before the swap, in any order: they run side by side
 *   openat, read  each file                     compared with what was meant
 *   lstat    directory                          is the path still this directory?
 *   symlink  ..tmp-R -> ..gen-T-R
 *   rename   ..tmp-R -> ..data                  THE SWAP: before it all old, after it all new
 *   fsync    directory                          the swap lasts
 *   lstat    directory                          did somebody replace it meanwhile?
 *
 * Calls are synchronous because on tmpfs and in the page cache they take microseconds, and a hop to the thread pool
 * takes more; fsync alone waits for a disk, where there is one, and is then asynchronous.
 *
 * Limits: the read-back comes from the page cache, so it finds short writes and meddling, not bad sectors. A disk that
 * lies about its flushes can lose anything. Two look-ups by path can straddle the swap: resolve `..data` once.
 */

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

const fsyncAsync = promisify(fsync);

/**
 * Creates a new file with its content and access, or nothing. Answers its descriptor, which the caller syncs and closes.
 */
export function createFile(path: string, bytes: Uint8Array, access: Access): number {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(fd, bytes);
    setAccess(fd, access);
    return fd;
  } catch (thrown) {
    closeSync(fd);
    unlinkSync(path);
    throw thrown;
  }
}

/** File systems in memory, tmpfs and ramfs, as statfs(2) numbers them: an fsync has nothing to do there. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * Syncs all of these descriptors, of files in `directory`, and resolves when the last has settled, so that the caller
 * may close them. After a failure nothing of it may be trusted, nor synced again: the kernel has dropped the pages that
 * it could not write.
 */
export async function syncAll(directory: HeldDirectory, fds: readonly number[]): Promise<void> {
  if (IN_MEMORY.has(statfsSync(directory.at(".")).type)) {
    for (const fd of fds) fsyncSync(fd);
    return;
  }
  const results = await Promise.allSettled(fds.map((fd) => fsyncAsync(fd)));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Reads a regular file of at most `limit` bytes; a link, a pipe, a device or a larger file is refused. */
export function readBounded(directory: HeldDirectory, name: string, limit: number): Buffer {
  // O_NONBLOCK: a planted pipe must not hang the daemon.
  const fd = openSync(directory.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    const where = `${directory.path}/${name}`;
    if (!stat.isFile()) throw new LeafdError("target_unsafe", `${where} is not a regular file`);
    if (stat.size > limit) throw new LeafdError("pair_damaged", `${where} has ${stat.size} bytes, more than ${limit}`);
    const bytes = Buffer.alloc(stat.size);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

/** Points `name` at `target` in one step, over whatever is there; a link there is replaced, never followed. */
export function replaceLink(directory: HeldDirectory, name: string, target: string): void {
  const temporary = temporaryName();
  symlinkSync(target, directory.at(temporary));
  swapIn(directory, temporary, name);
}

/** Renames a complete link or file to its name, over whatever is there, or removes it. */
export function swapIn(directory: HeldDirectory, temporary: string, name: string): void {
  try {
    renameSync(directory.at(temporary), directory.at(name));
  } catch (thrown) {
    unlinkSync(directory.at(temporary));
    throw thrown;
  }
}
