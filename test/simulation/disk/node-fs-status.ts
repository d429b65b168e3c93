import { FileSystemError } from "./faults.ts";
import type { Inode } from "./inodes.ts";
import { mounted } from "./mounted.ts";

/*
 * The calls of node-fs.ts that ask for or change what a file is: its kind, mode and owner.
 */

const KIND: Readonly<Record<Inode["kind"], number>> = { file: 0o100000, directory: 0o040000, link: 0o120000 };

/** What stat(2) says of an inode, as far as leafd's store asks. */
class Status {
  readonly #node: Inode;
  readonly dev: number | bigint;
  readonly ino: number | bigint;

  constructor(node: Inode, bigint: boolean) {
    this.#node = node;
    this.dev = bigint ? 1n : 1;
    this.ino = bigint ? BigInt(node.id) : node.id;
  }

  get mode(): number {
    return KIND[this.#node.kind] | (this.#node.kind === "link" ? 0o777 : this.#node.mode);
  }

  get uid(): number {
    return this.#node.kind === "link" ? 0 : this.#node.uid;
  }

  get gid(): number {
    return this.#node.kind === "link" ? 0 : this.#node.gid;
  }

  get size(): number {
    return this.#node.kind === "file" ? this.#node.bytes.length : 0;
  }

  isFile(): boolean {
    return this.#node.kind === "file";
  }

  isDirectory(): boolean {
    return this.#node.kind === "directory";
  }

  isSymbolicLink(): boolean {
    return this.#node.kind === "link";
  }
}

interface StatOptions {
  readonly bigint?: boolean;
  readonly throwIfNoEntry?: boolean;
}

export function fstatSync(descriptor: number, { bigint = false }: StatOptions = {}): Status {
  return new Status(mounted().held(descriptor).node, bigint);
}

export function lstatSync(path: string, options: StatOptions = {}): Status | undefined {
  return stat(path, options, false);
}

export function statSync(path: string, options: StatOptions = {}): Status | undefined {
  return stat(path, options, true);
}

function stat(
  path: string,
  { bigint = false, throwIfNoEntry = true }: StatOptions,
  follow: boolean,
): Status | undefined {
  const { node, path: where } = mounted().place(path, "lstat", follow);
  mounted().faults.meet("read", "lstat", where);
  if (node !== undefined) return new Status(node, bigint);
  if (throwIfNoEntry) throw new FileSystemError("ENOENT", "lstat");
  return undefined;
}

/** A disk with room, unless it is full; with a file system on which an fsync means something. */
export function statfsSync(path: string): Readonly<Record<string, number>> {
  const { path: where } = mounted().place(path, "statfs");
  mounted().faults.meet("room", "statfs", where);
  const free = mounted().faults.isFull(where) ? 0 : 1000;
  return { type: 0xef53, bsize: 4096, blocks: 1000, bavail: free, files: 1000, ffree: free };
}

export function fchmodSync(descriptor: number, mode: number): void {
  const { node, path } = mounted().held(descriptor);
  mounted().faults.meet("change", "fchmod", path);
  if (node.kind !== "link") node.mode = mode;
  mounted().changed(path);
}

export function fchownSync(descriptor: number, uid: number, gid: number): void {
  const { node, path } = mounted().held(descriptor);
  mounted().faults.meet("change", "fchown", path);
  if (node.kind !== "link") Object.assign(node, { uid, gid });
  mounted().changed(path);
}

export function chmodSync(path: string, mode: number): void {
  const { node, path: where } = mounted().place(path, "chmod", true);
  mounted().faults.meet("change", "chmod", where);
  if (node === undefined) throw new FileSystemError("ENOENT", "chmod");
  if (node.kind !== "link") node.mode = mode;
  mounted().changed(where);
}
