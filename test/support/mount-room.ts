import { execFile, execFileSync, spawnSync } from "node:child_process";

const FLAG = "--in-mount-room";

/** True in the process that `rerunInMountRoom` starts. */
export const inMountRoom = process.argv.includes(FLAG);

/**
 * Runs a test file again in a mount namespace of its own, where its tests may mount and nothing outlives them. Needs
 * root, or a kernel that lets users have namespaces. Resolves with the number of tests that passed in there; rejects with
 * the file's output when one failed.
 */
export function rerunInMountRoom(file: string): Promise<number> {
  const root = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const env = { PATH: process.env["PATH"] };
  return new Promise((resolve, reject) => {
    execFile("unshare", ["--mount", ...root, process.execPath, file, FLAG], { env }, (error, stdout, stderr) => {
      const passed = Number(/^(?:#|ℹ) pass (\d+)$/m.exec(stdout)?.[1] ?? 0);
      if (error === null && passed > 0) resolve(passed);
      else reject(new Error(`${stdout}\n${stderr}`, { cause: error }));
    });
  });
}

/** Runs a program of ours again in a mount namespace of its own, with its arguments and its output; answers its exit code. */
export function repeatInMountRoom(file: string, args: readonly string[]): number {
  const argv = ["--mount", process.execPath, ...process.execArgv, file, ...args, FLAG];
  return spawnSync("unshare", argv, { stdio: "inherit" }).status ?? 1;
}

/** mount(8); only in a mount room. */
export function mount(...args: readonly string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}

/** umount(8), of what `mount` mounted. */
export function unmount(path: string): void {
  execFileSync("umount", [path], { stdio: "pipe" });
}

/**
 * The wrapper of a leafd (`LeafdOptions`) in a mount namespace of its own, in which these are mounted first: one entry
 * a call of mount(8). `seenBy` is how others see its files.
 */
export function withMounts(...mounts: readonly (readonly string[])[]): readonly string[] {
  const root = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const script = [...mounts.map((args) => `mount ${args.join(" ")}`), 'exec "$@"'].join(" && ");
  return ["unshare", "--mount", ...root, "sh", "-c", script, "sh"];
}

/** A path as this process sees it. */
export function seenBy(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}
