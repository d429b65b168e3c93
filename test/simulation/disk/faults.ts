import type { Random } from "../random.ts";

/** What a process asks of the disk, by what it takes: fresh space, a change, a read. */
export type Access = "create" | "write" | "change" | "read" | "sync" | "room";

export type DiskError = "ENOSPC" | "EDQUOT" | "EIO" | "EROFS" | "EACCES";

/** A disk in trouble: every call that this error can come from fails with this chance. */
export interface DiskFault {
  readonly code: DiskError;
  /** Calls on paths that begin so. */
  readonly below: string;
  readonly chance: number;
}

const AFFECTED: Readonly<Record<DiskError, ReadonlySet<Access>>> = {
  ENOSPC: new Set<Access>(["create", "write"]),
  EDQUOT: new Set<Access>(["create", "write"]),
  EIO: new Set<Access>(["create", "write", "change", "read", "sync"]),
  EROFS: new Set<Access>(["create", "write", "change"]),
  EACCES: new Set<Access>(["create", "change"]),
};

const ERRNO: Readonly<Record<string, number>> = {
  ENOENT: 2,
  EIO: 5,
  EACCES: 13,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  EROFS: 30,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EDQUOT: 122,
};

/** A failed call as node:fs throws it. */
export class FileSystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(code: string, syscall: string) {
    super(`${code}: ${syscall}`);
    this.code = code;
    this.errno = -(ERRNO[code] ?? 5);
    this.syscall = syscall;
  }
}

/** Thrown into a process that was killed in the middle of a call: whatever it still tries has no effect. */
class Killed extends Error {
  override readonly name = "Killed";
}

/** What goes wrong with a disk, and the end of the process that uses it. */
export class Faults {
  readonly #random: Random;
  readonly current = new Set<DiskFault>();
  /** The process dies at this call from now on; undefined: at none. */
  killAfter: number | undefined;
  /** It is dead, and no call of its gets through. */
  dead = false;
  /** Called when it dies. */
  onKill: () => void = () => undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Before each call; throws what the call shall fail with. */
  meet(access: Access, syscall: string, path: string): void {
    if (this.killAfter !== undefined && this.killAfter-- <= 0) {
      this.killAfter = undefined;
      this.dead = true;
      this.onKill();
    }
    if (this.dead) throw new Killed(`killed at ${syscall}`);
    if (this.current.size > 0) this.#fail(access, syscall, path);
  }

  /** True when a disk says so itself that it is full, as statfs does. */
  isFull(path: string): boolean {
    return [...this.current].some(
      (fault) => fault.code === "ENOSPC" && fault.chance === 1 && path.startsWith(fault.below),
    );
  }

  #fail(access: Access, syscall: string, path: string): void {
    for (const { code, below, chance } of this.current) {
      if (!AFFECTED[code].has(access) || !path.startsWith(below) || !this.#random.chance(chance)) continue;
      throw new FileSystemError(code, syscall);
    }
  }
}
