import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { type Access, directoryAccess, setAccess } from "./access.ts";
import type { Ownership } from "./accounts.ts";
import { diskError, unless } from "./disk-error.ts";
import { OWNER } from "./names.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * A directory held open. Names are used through the descriptor (`/proc/self/fd/N/name`, Node's way to say openat), so
 * everything between open and close happens in one directory, whatever becomes of its path. Needs Linux with /proc.
 */
export class HeldDirectory implements Disposable {
  readonly path: string;
  readonly fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
  }

  at(name: string): string {
    return `/proc/self/fd/${this.fd}/${name}`;
  }

  /** What is under this name, links not followed; undefined when nothing is, which costs no exception. */
  entry(name: string): Stats | undefined {
    return lstatSync(this.at(name), { throwIfNoEntry: false });
  }

  /** Opens a directory in this one; never through a link. */
  open(name: string): HeldDirectory {
    return new HeldDirectory(`${this.path}/${name}`, openDirectory(this.at(name)));
  }

  /**
   * Rejects with `target_replaced` when the path leads to another directory by now: removed and made anew, or mounted
   * over. Such a directory swallows writes without an error.
   */
  assertInPlace(): void {
    const held = fstatSync(this.fd, { bigint: true });
    const there = unless(["ENOENT", "ENOTDIR"], () => lstatSync(this.path, { bigint: true }));
    if (there !== undefined && there.dev === held.dev && there.ino === held.ino) return;
    throw new LeafdError("target_replaced", `${this.path} was replaced or mounted over while leafd wrote to it`, {
      hint: "Nothing to do when it was done on purpose: leafd publishes again.",
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

function openDirectory(path: string): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * Opens an output directory, or answers undefined when there is none. Links above it are followed (`/var/run`,
 * systemd's DynamicUser); a link or a file in its own place is `target_unsafe`.
 */
export function openOutput(path: string): HeldDirectory | undefined {
  try {
    const fd = unless(["ENOENT"], () => openDirectory(path));
    return fd === undefined ? undefined : new HeldDirectory(path, fd);
  } catch (thrown) {
    throw diskError(thrown, `open ${path}`);
  }
}

/** Opens an output directory and makes it when it is missing; its parent must exist, or lie below `makeBelow`. */
export function createOutput(output: OutputSpec, ownership: Ownership): HeldDirectory {
  const directory = openOutput(output.directory) ?? makeOutput(output);
  try {
    finishCreation(directory, directoryAccess(output, ownership));
    return directory;
  } catch (thrown) {
    directory[Symbol.dispose]();
    throw diskError(thrown, `set up ${directory.path}`);
  }
}

function makeOutput({ directory: path, makeBelow }: OutputSpec): HeldDirectory {
  try {
    if (makeBelow !== undefined) makeParents(dirname(path), makeBelow);
    unless(["EEXIST"], () => mkdirSync(path, 0o700));
  } catch (thrown) {
    throw diskError(thrown, `create ${path}`);
  }
  const directory = openOutput(path);
  if (directory === undefined) throw new LeafdError("target_replaced", `${path} went away as leafd created it`);
  return directory;
}

/**
 * Group and mode are set only on a directory that is as our own mkdir leaves it: ours, 0700 and without a generation (so
 * that a crash between the two is made good, and a group that was refused before). Any other is the operator's, and
 * stays as it is.
 */
function finishCreation(directory: HeldDirectory, access: Access): void {
  const { uid, mode } = fstatSync(directory.fd);
  const asMade = uid === process.geteuid?.() && (mode & 0o1777) === 0o700;
  if (!asMade || readdirSync(directory.at(".")).some((name) => name !== OWNER)) return;
  setAccess(directory.fd, access);
  syncParent(directory.path);
}

/** Makes the directory and what is missing above it, down from `base`; whatever the umask, a group has to get through. */
function makeParents(path: string, base: string): void {
  if (path === base || existsSync(path)) return;
  makeParents(dirname(path), base);
  mkdirSync(path, 0o755);
  chmodSync(path, 0o755);
  syncParent(path);
}

/**
 * A new entry lasts only when its parent is synced. A parent that may not be read cannot be: then a power cut may take
 * the whole directory, which is no worse than before the first publication.
 */
function syncParent(path: string): void {
  const parent = unless(["EACCES"], () => openSync(dirname(path), O_RDONLY | O_DIRECTORY));
  if (parent === undefined) return;
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}
