import { constants as real } from "node:fs";
import { FileSystemError } from "./faults.ts";
import { type DirectoryNode, type Inode, newDirectory, newFile, newLink, sync as syncNode } from "./inodes.ts";
import { mounted } from "./mounted.ts";

/*
 * A memory disk with the face of node:fs: the functions that src/store calls, and no other. `redirect.ts` puts this
 * module in the place of node:fs there. Each call meets the disk's faults first, and then happens as a whole.
 */

export * from "./node-fs-status.ts";

export const constants = real;

type Mode = { readonly mode?: number };

export function openSync(path: string, flags: number, mode = 0o666): number {
  const disk = mounted();
  const { parent, name, node, path: where } = disk.place(path, "open", (flags & constants.O_NOFOLLOW) === 0);
  const creates = (flags & constants.O_CREAT) !== 0;
  disk.faults.meet(creates ? "create" : "read", "open", where);
  if (creates) {
    if (node !== undefined) throw new FileSystemError("EEXIST", "open");
    return disk.open(put(parent, name, newFile(mode), where), where);
  }
  if (node === undefined) throw new FileSystemError("ENOENT", "open");
  if ((flags & constants.O_DIRECTORY) !== 0 && node.kind !== "directory") throw new FileSystemError("ENOTDIR", "open");
  if (node.kind === "link" && (flags & O_PATH) === 0) throw new FileSystemError("ELOOP", "open");
  return disk.open(node, where);
}

const O_PATH = 0o10000000;

export function closeSync(descriptor: number): void {
  const disk = mounted();
  if (!disk.faults.dead) disk.close(descriptor);
}

export function readSync(descriptor: number, into: Buffer): number {
  const disk = mounted();
  disk.faults.meet("read", "read", disk.held(descriptor).path);
  return disk.heldFile(descriptor).bytes.copy(into);
}

export function readFileSync(path: string, _encoding: "utf8"): string {
  const disk = mounted();
  const told = fromProc(path);
  if (told !== undefined) return told;
  const { node, path: where } = disk.place(path, "open", true);
  disk.faults.meet("read", "read", where);
  if (node === undefined) throw new FileSystemError("ENOENT", "open");
  if (node.kind !== "file") throw new FileSystemError("EISDIR", "read");
  return node.bytes.toString("utf8");
}

/** What the store asks the kernel about processes and mounts. */
function fromProc(path: string): string | undefined {
  if (!path.startsWith("/proc/") || path.startsWith("/proc/self/fd/")) return undefined;
  if (path.startsWith("/proc/self/fdinfo/")) return "mnt_id:\t1\n";
  if (path.endsWith("/boot_id")) return "simulated\n";
  return `1 (leafd) ${"0 ".repeat(19)}${mounted().incarnation}`;
}

export function writeFileSync(target: number | string, data: Uint8Array | string, { mode = 0o666 }: Mode = {}): void {
  const disk = mounted();
  const { node, path } = typeof target === "number" ? disk.held(target) : named(target, mode);
  if (node.kind !== "file") throw new FileSystemError("EISDIR", "write");
  const bytes = typeof data === "string" ? Buffer.from(data) : Buffer.from(data);
  try {
    disk.faults.meet("write", "write", path);
    node.bytes = bytes;
  } catch (thrown) {
    if (!disk.faults.dead) node.bytes = bytes.subarray(0, bytes.length / 2);
    throw thrown;
  } finally {
    disk.changed(path);
  }
}

function named(path: string, mode: number): { readonly node: Inode; readonly path: string } {
  const disk = mounted();
  const { parent, name, node, path: where } = disk.place(path, "open", true);
  disk.faults.meet("create", "open", where);
  return { node: node ?? put(parent, name, newFile(mode), where), path: where };
}

export function mkdirSync(path: string, options: number | (Mode & { readonly recursive?: boolean }) = {}): void {
  const disk = mounted();
  const { mode = 0o777, recursive = false } = typeof options === "number" ? { mode: options } : options;
  if (recursive && path !== "/" && !existsSync(path)) mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", options);
  const { parent, name, node, path: where } = disk.place(path, "mkdir");
  disk.faults.meet("create", "mkdir", where);
  if (node === undefined) put(parent, name, newDirectory(mode), where);
  else if (!recursive) throw new FileSystemError("EEXIST", "mkdir");
}

export function symlinkSync(target: string, path: string): void {
  const disk = mounted();
  const { parent, name, node, path: where } = disk.place(path, "symlink");
  disk.faults.meet("create", "symlink", where);
  if (node !== undefined) throw new FileSystemError("EEXIST", "symlink");
  put(parent, name, newLink(target), where);
}

function put<T extends Inode>(parent: DirectoryNode, name: string, node: T, where: string): T {
  const disk = mounted();
  parent.entries.set(name, node);
  disk.changed(where);
  return node;
}

export function readlinkSync(path: string): string {
  const disk = mounted();
  if (path === "/proc/self/ns/pid") return "pid:[1]";
  const { node, path: where } = disk.place(path, "readlink");
  disk.faults.meet("read", "readlink", where);
  if (node === undefined) throw new FileSystemError("ENOENT", "readlink");
  if (node.kind !== "link") throw new FileSystemError("EINVAL", "readlink");
  return node.target;
}

export function renameSync(from: string, to: string): void {
  const disk = mounted();
  const source = disk.place(from, "rename");
  const target = disk.place(to, "rename");
  disk.faults.meet("change", "rename", target.path);
  if (source.node === undefined) throw new FileSystemError("ENOENT", "rename");
  if (target.node?.kind === "directory") throw new FileSystemError("EISDIR", "rename");
  source.parent.entries.delete(source.name);
  put(target.parent, target.name, source.node, target.path);
}

export function unlinkSync(path: string): void {
  const disk = mounted();
  const { parent, name, node, path: where } = disk.place(path, "unlink");
  disk.faults.meet("change", "unlink", where);
  if (node === undefined) throw new FileSystemError("ENOENT", "unlink");
  if (node.kind === "directory") throw new FileSystemError("EISDIR", "unlink");
  parent.entries.delete(name);
  disk.changed(where);
}

export function rmdirSync(path: string): void {
  const disk = mounted();
  const { parent, name, node, path: where } = disk.place(path, "rmdir");
  disk.faults.meet("change", "rmdir", where);
  if (node?.kind !== "directory") throw new FileSystemError(node === undefined ? "ENOENT" : "ENOTDIR", "rmdir");
  if (node.entries.size > 0) throw new FileSystemError("ENOTEMPTY", "rmdir");
  parent.entries.delete(name);
  disk.changed(where);
}

export function readdirSync(path: string): string[] {
  const disk = mounted();
  const { node, path: where } = disk.place(path, "scandir", true);
  disk.faults.meet("read", "scandir", where);
  if (node === undefined) throw new FileSystemError("ENOENT", "scandir");
  if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", "scandir");
  return [...node.entries.keys()];
}

export function existsSync(path: string): boolean {
  const disk = mounted();
  return disk.peek(path) !== undefined;
}

export function fsyncSync(descriptor: number): void {
  const disk = mounted();
  const { node, path } = disk.held(descriptor);
  disk.faults.meet("sync", "fsync", path);
  syncNode(node);
}

/** As fsync(2) through the thread pool: never ends in the call itself. */
export function fsync(descriptor: number, done: (error: Error | null) => void): void {
  try {
    fsyncSync(descriptor);
    queueMicrotask(() => done(null));
  } catch (thrown) {
    queueMicrotask(() => done(thrown instanceof Error ? thrown : new Error(String(thrown))));
  }
}
