import type { Random } from "../random.ts";

/*
 * What a disk holds, twice: as the processes see it, and as it would be found after a power cut, which knows only what
 * was synced. Contents are never changed in place, so that both may share them.
 */

interface Owned {
  mode: number;
  uid: number;
  gid: number;
}

export interface FileNode extends Owned {
  readonly kind: "file";
  readonly id: number;
  bytes: Buffer;
  /** What the last fsync wrote; undefined: nothing yet. */
  synced: Buffer | undefined;
}

export interface LinkNode {
  readonly kind: "link";
  readonly id: number;
  readonly target: string;
}

export interface DirectoryNode extends Owned {
  readonly kind: "directory";
  readonly id: number;
  readonly entries: Map<string, Inode>;
  synced: ReadonlyMap<string, Inode>;
}

export type Inode = FileNode | LinkNode | DirectoryNode;

let count = 0;

export function newFile(mode: number): FileNode {
  return { kind: "file", id: ++count, mode, uid: UID, gid: GID, bytes: Buffer.alloc(0), synced: undefined };
}

export function newLink(target: string): LinkNode {
  return { kind: "link", id: ++count, target };
}

export function newDirectory(mode: number): DirectoryNode {
  return { kind: "directory", id: ++count, mode, uid: UID, gid: GID, entries: new Map(), synced: new Map() };
}

/** All that is made is made by this user. */
const UID = process.geteuid?.() ?? 0;
const GID = process.getegid?.() ?? 0;

export function sync(node: Inode): void {
  if (node.kind === "file") node.synced = node.bytes;
  else if (node.kind === "directory") node.synced = new Map(node.entries);
}

export function syncAll(node: Inode): void {
  sync(node);
  if (node.kind === "directory") for (const below of node.entries.values()) syncAll(below);
}

/**
 * The power goes. What was not synced is there or not, each entry for itself, as if the disk had written in any order; a
 * file that was not synced may be empty or cut off.
 */
export function cutPower(directory: DirectoryNode, random: Random): void {
  for (const name of new Set([...directory.entries.keys(), ...directory.synced.keys()])) {
    const [now, before] = [directory.entries.get(name), directory.synced.get(name)];
    if (now !== before && random.chance(0.5)) {
      if (before === undefined) directory.entries.delete(name);
      else directory.entries.set(name, before);
    }
  }
  directory.synced = new Map(directory.entries);
  for (const node of directory.entries.values()) {
    if (node.kind === "directory") cutPower(node, random);
    else if (node.kind === "file" && node.synced !== node.bytes) {
      const { bytes } = node;
      const left = [bytes, bytes.subarray(0, bytes.length / 2), Buffer.alloc(0)] as const;
      node.bytes = random.pick([...left, node.synced ?? left[2]]);
      node.synced = node.bytes;
    }
  }
}
