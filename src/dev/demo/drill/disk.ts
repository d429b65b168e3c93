import { execFile } from "node:child_process";
import { chmod, mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** In KiB: some generations and little else. */
const SIZE = 512;
const BLOCK = 4096;

/** A file system whose end can be had, as far as this user may: what is done and undone is said in words. */
export interface Disk extends AsyncDisposable {
  /** The parent of the output directory; it is there. */
  readonly directory: string;
  /** Nothing can be written to this output directory any more, and all that is in it stays. */
  fill(output: string): Promise<string>;
  free(output: string): Promise<string>;
}

interface DiskOptions {
  /** An empty place for it; it is made. */
  readonly directory: string;
  /** The variable PATH. */
  readonly path: string;
}

/** A small file system of its own where this user may mount one, else the directory as it is. */
export async function openDisk({ directory, path }: DiskOptions): Promise<Disk> {
  await mkdir(directory);
  const command = (program: string, ...args: readonly string[]) => run(program, [...args], { env: { PATH: path } });
  try {
    await command("mount", "-t", "tmpfs", "-o", `size=${SIZE}k,mode=755`, "leafd-drill", directory);
  } catch {
    return { directory, ...denied, [Symbol.asyncDispose]: async () => {} };
  }
  const filler = join(directory, "filler");
  return {
    directory,
    async fill() {
      await fillUp(filler);
      return `filled the disk: a file system of ${SIZE} KiB, mounted for this, has no byte left`;
    },
    async free() {
      await rm(filler, { force: true });
      return "removed what filled the disk";
    },
    [Symbol.asyncDispose]: async () => void (await command("umount", directory)),
  };
}

async function fillUp(path: string): Promise<void> {
  await using file = await open(path, "w");
  const block = Buffer.alloc(BLOCK);
  try {
    for (;;) await file.write(block);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !("code" in thrown) || thrown.code !== "ENOSPC") throw thrown;
  }
}

/** Who may not mount takes the right to write away; root, whom that does not keep out, the directory itself. */
const denied: Pick<Disk, "fill" | "free"> = {
  async fill(output) {
    await chmod(output, 0o555);
    if (!(await isWritable(output))) return "made the output directory read-only (this user may mount no small disk)";
    await chmod(output, 0o755);
    await rename(output, awayFrom(output));
    await writeFile(output, "");
    return "put a file where the output directory was (this user may mount nothing, and write anywhere)";
  },
  async free(output) {
    if (await isDirectory(output)) {
      await chmod(output, 0o755);
      return "made the output directory writable again";
    }
    await rm(output);
    await rename(awayFrom(output), output);
    return "put the output directory back";
  },
};

function awayFrom(output: string): string {
  return `${output}.away`;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function isWritable(directory: string): Promise<boolean> {
  const path = join(directory, ".drill");
  try {
    await writeFile(path, "");
    await rm(path);
    return true;
  } catch {
    return false;
  }
}
