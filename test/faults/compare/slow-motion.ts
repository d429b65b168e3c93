import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprintOf } from "./pair-on-disk.ts";

/*
 * A process under strace that rests after each system call that can change a directory. What is on disk meanwhile is
 * what a SIGKILL at this point leaves: it is looked at, and the process is killed there.
 */

const CHANGES =
  "open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,chmod,fchmod,fchmodat,chown,fchown,fchownat,fsync,fdatasync";

/** How long it rests, milliseconds: long enough to be seen on a busy machine. */
const REST = 80;

/** A renewal is over when there is a new pair and nothing has changed for so long, milliseconds. */
const QUIET = 1_500;

interface WatchOptions {
  readonly pid: number;
  readonly directory: string;
  /** The new pair is there. */
  readonly renewed: () => boolean;
  /** Asked at each state of the directory that differs from the one before, numbered from 1: kill it here? */
  readonly killAt: (state: number) => boolean;
  /** Milliseconds in which the renewal must come. */
  readonly within: number;
}

/**
 * Slows a running process down for one renewal and kills it at the state that is asked for. Resolves false when the
 * renewal went by without one; rejects when there was no renewal.
 */
export async function killInRenewal(options: WatchOptions): Promise<boolean> {
  const { pid, directory, renewed, killAt, within } = options;
  let before = fingerprintOf(directory);
  await using _strace = await attach(pid);
  let changed = Date.now();
  const deadline = changed + within;
  for (let state = 0; Date.now() < deadline; await delay(2)) {
    const now = fingerprintOf(directory);
    if (now !== before) {
      [before, changed] = [now, Date.now()];
      state += 1;
      if (killAt(state)) {
        process.kill(pid, "SIGKILL");
        return true;
      }
    } else if (Date.now() - changed > QUIET && renewed()) return false;
  }
  throw new Error("there was no renewal");
}

/** Resolves when strace holds all threads; detaches at the end of the scope. */
async function attach(pid: number): Promise<AsyncDisposable> {
  const inject = ["-e", `trace=${CHANGES}`, "-e", `inject=${CHANGES}:delay_exit=${REST * 1000}`];
  const strace = spawn("strace", ["-f", "-o", "/dev/null", ...inject, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(strace, "exit");
  const said = once(createInterface(strace.stderr), "line", { signal: AbortSignal.timeout(10_000) });
  const [line] = await said;
  if (!String(line).includes("attached")) throw new Error(`strace: ${String(line)}`);
  return {
    [Symbol.asyncDispose]: async () => {
      strace.kill("SIGKILL"); // It may be waiting for a thread that is dead; what it holds goes on when it is gone.
      await ended;
    },
  };
}
