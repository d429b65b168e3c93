import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface Wanted {
  /** Of Debian. */
  readonly package: string;
  /** What it brings: a name that is looked for in PATH, or a file that is not in PATH. */
  readonly program: string;
  readonly say: (line: string) => void;
}

/** Where the program is; the package is installed when it is nowhere, which needs root. Rejects when it cannot be had. */
export async function programOf(wanted: Wanted): Promise<string> {
  const there = await inPath(wanted.program);
  if (there !== undefined) return there;
  wanted.say(`installing ${wanted.package}`);
  const options = {
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  await run("apt-get", ["update", "-q"], options);
  await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", wanted.package], options);
  const installed = await inPath(wanted.program);
  if (installed === undefined) throw new Error(`${wanted.package} brought no ${wanted.program}`);
  return installed;
}

async function inPath(program: string): Promise<string | undefined> {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const directory of isAbsolute(program) ? [""] : directories) {
    const path = join(directory, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
