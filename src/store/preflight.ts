import { closeSync, constants, openSync, statfsSync, unlinkSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Ownership } from "./accounts.ts";
import type { HeldDirectory } from "./directory.ts";
import { unless } from "./disk-error.ts";
import { createFile } from "./durable.ts";
import { temporaryName } from "./names.ts";

/** A generation: five files of a block or two, a directory, two links. */
const NEEDED_BLOCKS = 12;
const NEEDED_INODES = 12;

/** Proves on a throw-away file that a commit can write here, give the key to its owner, and read it back. */
export function proveWritable(directory: HeldDirectory, output: OutputSpec, ownership: Ownership): void {
  const path = directory.at(temporaryName());
  const fd = createFile(path, Buffer.alloc(0), { mode: output.modes.key, ...ownership });
  closeSync(fd);
  try {
    const again = unless(["EACCES"], () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (again === undefined)
      throw new LeafdError("target_denied", `leafd could write the key in ${directory.path} and never read it again`, {
        hint: "Give leafd CAP_DAC_READ_SEARCH, or use a group that its user belongs to and key mode 0640.",
      });
    closeSync(again);
  } finally {
    unlinkSync(path);
  }
}

/** Refuses a file system that is about to be full: the certificate would be issued and could not be stored. */
export function proveRoom(directory: HeldDirectory): void {
  const { blocks, bavail, files, ffree, bsize } = statfsSync(directory.at("."));
  // A file system that counts no blocks or inodes (tmpfs without a limit, btrfs) says 0 of 0.
  const lacks =
    blocks > 0 && bavail < NEEDED_BLOCKS ? "space" : files > 0 && ffree < NEEDED_INODES ? "inodes" : undefined;
  if (lacks === undefined) return;
  const left = lacks === "space" ? `${(bavail * bsize) / 1024} KiB` : `${ffree} inodes`;
  throw new LeafdError("disk_full", `${directory.path} has ${left} left, too few for one more generation`, {
    hint: "Free space or inodes on that file system (`df`, `df -i`), or raise the quota.",
  });
}
