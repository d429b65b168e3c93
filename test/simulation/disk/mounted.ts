import type { MemoryDisk } from "./memory-disk.ts";

let current: MemoryDisk | undefined;

/** The disk that the calls of node-fs.ts go to from now on. */
export function mount(disk: MemoryDisk): void {
  current = disk;
}

export function mounted(): MemoryDisk {
  if (current === undefined) throw new Error("no disk is mounted");
  return current;
}
