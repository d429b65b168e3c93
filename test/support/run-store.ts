import { execFile } from "node:child_process";
import { resolve } from "node:path";
import type { StoreJob } from "../fixtures/store-process.ts";

const PROGRAM = resolve(import.meta.dirname, "../fixtures/store-process.ts");

/** What the program said; undefined when it was killed before it could. */
export type StoreOutcome =
  | { readonly ok: boolean; readonly reason?: string; readonly message?: string; readonly hint?: string }
  | undefined;

interface RunOptions {
  /** strace's arguments, such as `["-e", "inject=fsync:error=EIO:when=1"]`; one pool thread then does all syncs. */
  readonly strace?: readonly string[];
  /** Give up root first; where the tests run as another user that one stays. */
  readonly unprivileged?: boolean;
}

/** The user that `unprivileged` means: nobody, or whoever runs the tests if that is not root. */
export const UNPRIVILEGED = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Does one thing with a store in a process of its own. */
export function runStore(job: StoreJob, options: RunOptions = {}): Promise<StoreOutcome> {
  const program = [process.execPath, PROGRAM, JSON.stringify(job)];
  const argv =
    options.strace === undefined ? program : ["strace", "-f", "-o", "/dev/null", ...options.strace, ...program];
  const [file = "", ...args] = argv;
  const env = { PATH: process.env["PATH"], UV_THREADPOOL_SIZE: "1" };
  const user = options.unprivileged === true ? UNPRIVILEGED : {};
  return new Promise((settle, fail) => {
    execFile(file, args, { env, ...user, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") return fail(new Error(`${file} is missing: apt-get install ${file}`));
      if (typeof error?.code === "number") return fail(new Error(`exit ${error.code}: ${stderr}`));
      return settle(stdout === "" ? undefined : JSON.parse(stdout));
    });
  });
}
