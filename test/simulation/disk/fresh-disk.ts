import type { Random } from "../random.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { mount } from "./mounted.ts";
import { seedNames } from "./node-crypto.ts";
import { mkdirSync } from "./node-fs.ts";

/** A new disk with these directories, in the place of the one before. */
export function freshDisk(random: (label: string) => Random, directories: readonly string[]): MemoryDisk {
  const disk = new MemoryDisk(random("disk"));
  mount(disk);
  seedNames(random("names"));
  for (const directory of directories) mkdirSync(directory);
  disk.writeBack();
  return disk;
}
