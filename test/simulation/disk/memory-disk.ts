import type { Random } from "../random.ts";
import { Faults, FileSystemError } from "./faults.ts";
import { cutPower, type DirectoryNode, type FileNode, type Inode, newDirectory, syncAll } from "./inodes.ts";

/** Something held open, with the path that led to it. */
export interface Held {
  readonly node: Inode;
  readonly path: string;
}

/** Where a path ends: the directory that holds the last name, and what is under it. */
interface Place {
  readonly parent: DirectoryNode;
  readonly name: string;
  readonly node: Inode | undefined;
  /** The path without descriptors. */
  readonly path: string;
}

const DESCRIPTOR = "/proc/self/fd/";

/**
 * A file system in memory with what leafd's store needs of one: descriptors that stay on what they were opened on,
 * symbolic links, modes, syncs, and every kind of failure. `node-fs.ts` gives it the face of node:fs.
 */
export class MemoryDisk {
  readonly faults: Faults;
  readonly #random: Random;
  readonly #root = newDirectory(0o755);
  readonly #held = new Map<number, Held>();
  #nextDescriptor = 10;
  /** Which start of the process this is: its start time, as /proc would say it. */
  incarnation = 1;
  /** Called after each change, with its path. */
  onChange: (path: string) => void = () => undefined;
  readonly #changes = new Map<string, number>();
  #cuts = 0;

  constructor(random: Random) {
    this.#random = random;
    this.faults = new Faults(random);
  }

  /** After each change, also those of an outsider. */
  changed(path: string): void {
    const end = path.indexOf("/", path.indexOf("/", 1) + 1);
    const top = end === -1 ? path : path.slice(0, end);
    this.#changes.set(top, (this.#changes.get(top) ?? 0) + 1);
    this.onChange(path);
  }

  /**
   * A number that is another one whenever something has changed below a directory of the second level, such as
   * `/live/web`; undefined for others.
   */
  changesBelow(directory: string): number | undefined {
    const isSecond = directory.indexOf("/", 1) === directory.lastIndexOf("/");
    return isSecond ? (this.#changes.get(directory) ?? 0) + this.#cuts : undefined;
  }

  open(node: Inode, path: string): number {
    const descriptor = this.#nextDescriptor++;
    this.#held.set(descriptor, { node, path });
    return descriptor;
  }

  close(descriptor: number): void {
    if (!this.#held.delete(descriptor)) throw new FileSystemError("EBADF", "close");
  }

  held(descriptor: number): Held {
    const held = this.#held.get(descriptor);
    if (held === undefined) throw new FileSystemError("EBADF", "fstat");
    return held;
  }

  heldFile(descriptor: number): FileNode {
    const { node } = this.held(descriptor);
    if (node.kind !== "file") throw new FileSystemError("EISDIR", "read");
    return node;
  }

  /** How many descriptors are open: none between two pieces of work. */
  get descriptors(): number {
    return this.#held.size;
  }

  /** Follows links on the way, and the last one when asked to. `ENOENT` when the way is missing. */
  place(path: string, syscall: string, follow = false): Place {
    const { from, at, rest } = this.#start(path);
    let directory = from;
    let where = at;
    let begin = rest.startsWith("/") ? 1 : 0;
    for (let slash = rest.indexOf("/", begin); slash !== -1; slash = rest.indexOf("/", begin)) {
      const name = rest.slice(begin, slash);
      const node = this.#follow(directory.entries.get(name), directory, syscall);
      if (node === undefined) throw new FileSystemError("ENOENT", syscall);
      if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", syscall);
      directory = node;
      where = `${where}/${name}`;
      begin = slash + 1;
    }
    const name = rest.slice(begin);
    if (name === "." || name === "") return { parent: directory, name: ".", node: directory, path: where };
    const found = directory.entries.get(name);
    const node = follow ? this.#follow(found, directory, syscall) : found;
    return { parent: directory, name, node, path: `${where}/${name}` };
  }

  /** What a reader finds at a path, whatever is wrong with the disk. */
  peek(path: string): Inode | undefined {
    try {
      return this.place(path, "peek", true).node;
    } catch {
      return undefined;
    }
  }

  /** The process is gone, and what it held open is closed. */
  endProcess(): void {
    this.#held.clear();
    this.faults.dead = false;
    this.faults.killAfter = undefined;
    this.incarnation += 1;
  }

  /** All that is there lasts. */
  writeBack(): void {
    syncAll(this.#root);
  }

  cutPower(): void {
    cutPower(this.#root, this.#random);
    this.#cuts += 1;
    this.onChange("/");
  }

  #start(path: string): { readonly from: DirectoryNode; readonly at: string; readonly rest: string } {
    if (!path.startsWith(DESCRIPTOR)) return { from: this.#root, at: "", rest: path };
    const slash = path.indexOf("/", DESCRIPTOR.length);
    const end = slash === -1 ? path.length : slash;
    const { node, path: at } = this.held(Number(path.slice(DESCRIPTOR.length, end)));
    if (node.kind !== "directory") throw new FileSystemError("ENOTDIR", "open");
    return { from: node, at, rest: path.slice(end) };
  }

  /** leafd makes links within one directory only, so that is what is followed. */
  #follow(node: Inode | undefined, directory: DirectoryNode, syscall: string): Inode | undefined {
    let found = node;
    for (let hops = 0; found?.kind === "link"; hops++) {
      if (hops > 8) throw new FileSystemError("ELOOP", syscall);
      let next: Inode | undefined = directory;
      for (const name of found.target.split("/")) {
        const step: Inode | undefined = next?.kind === "directory" ? next.entries.get(name) : undefined;
        next = step?.kind === "link" && step !== found ? this.#follow(step, directory, syscall) : step;
      }
      found = next;
    }
    return found;
  }
}
