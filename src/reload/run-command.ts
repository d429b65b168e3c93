import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setImmediate as pipesLookedAt } from "node:timers/promises";
import { LeafdError } from "../domain/errors.ts";
import { formatDuration, type Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { said, tailOf } from "./output-tail.ts";

/*
 * A bounded child process: no shell, a clean environment, a process group of its own, an end in any case.
 * It settles when the command exits, not when its pipes close: a daemon that the command left behind holds them open.
 */

/** From the polite signal to the group until SIGKILL; less when leafd itself is told to stop. */
const GRACE: Millis = 2000;
const GRACE_WHEN_STOPPED: Millis = 500;
/** How long after the exit the last words in the pipes are waited for. */
const LAST_WORDS: Millis = 100;
const LINES_KEPT = 5;

export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** All of it: nothing else is inherited. `argv[0]` without a slash is looked up on its PATH. */
  readonly environment: NodeJS.ProcessEnv;
  readonly timeout: Millis;
  readonly clock: Clock;
}

export interface CommandResult {
  /** The exit code, or the name of the signal that ended it. */
  readonly status: number | NodeJS.Signals;
  /** The last lines of its output, then those of its error output; safe to log. */
  readonly lines: readonly string[];
}

/**
 * Runs a command to its end. Any exit status resolves. Rejects with `reload_target` when it cannot be started,
 * `reload_timeout` and `cancelled` after the whole process group was ended.
 */
export async function runCommand(command: Command, signal: AbortSignal): Promise<CommandResult> {
  if (signal.aborted) throw cancelled(command);
  const child = start(command);
  // Before anything else: a child that could not be started says so in the next turn, and has no pipes.
  const exited = exitOf(child, command);
  const [stdout, stderr] = [tailOf(child.stdout), tailOf(child.stderr)];
  const lines = (): readonly string[] => [...stdout(), ...stderr()].slice(-LINES_KEPT);
  const settled = new AbortController();
  const expired = command.clock.sleep(command.timeout, settled.signal).then(
    () => "expired" as const,
    () => "settled" as const,
  );
  const aborted = once(signal, "abort", { signal: settled.signal }).then(
    () => "aborted" as const,
    () => "settled" as const,
  );
  try {
    const first = await Promise.race([exited, expired, aborted]);
    if (typeof first === "object") {
      await within(LAST_WORDS, command.clock, closeOf(child));
      // A busy process sees that the time is over before it has read what is in the pipes.
      await pipesLookedAt();
      return { status: first.status, lines: lines() };
    }
    await endGroup(child, exited, { clock: command.clock, grace: first === "expired" ? GRACE : GRACE_WHEN_STOPPED });
    throw first === "expired" ? timedOut(command, lines()) : cancelled(command);
  } finally {
    settled.abort();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** Without descriptors to be had, spawn answers a child without pipes, whatever its types say. */
type Child = ChildProcess & { readonly stdout: Readable | undefined; readonly stderr: Readable | undefined };

function start(command: Command): Child {
  const [file, ...args] = command.argv;
  try {
    return spawn(file, args, { env: command.environment, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw notStarted(command, error);
  }
}

function exitOf(child: Child, command: Command): Promise<{ readonly status: number | NodeJS.Signals }> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => resolve({ status: code ?? signal ?? 0 }));
    child.once("error", (error) => reject(notStarted(command, error)));
  });
}

async function closeOf(child: Child): Promise<void> {
  const open = [child.stdout, child.stderr].filter((stream) => stream !== undefined && !stream.closed);
  await Promise.all(open.map((stream) => once(stream, "close")));
}

/** Ends the command and what it started. A process stuck in the kernel is left behind, not waited for. */
async function endGroup(child: Child, exited: Promise<unknown>, by: { clock: Clock; grace: Millis }): Promise<void> {
  const { clock, grace } = by;
  if (child.pid === undefined) return;
  signalGroup(child.pid, "SIGTERM");
  await within(grace, clock, exited);
  // Also when the command itself has gone: what it started may have ignored the first signal.
  signalGroup(child.pid, "SIGKILL");
  await within(GRACE, clock, exited);
  child.unref();
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody is left, or what is left runs as another user: there is no more that can be done.
  }
}

/** Waits for `done`, however it ends, but not for longer than `limit`. */
async function within(limit: Millis, clock: Clock, done: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([done, clock.sleep(limit, over.signal)]).catch(() => {});
  over.abort();
}

function cancelled({ argv }: Command): LeafdError {
  return new LeafdError("cancelled", `${argv[0]} was stopped before it ended`);
}

function timedOut({ argv, timeout }: Command, lines: readonly string[]): LeafdError {
  return new LeafdError("reload_timeout", `${argv[0]} did not end within ${formatDuration(timeout)}${said(lines)}`, {
    hint: "It was ended with everything it started. Raise the timeout of this step, or find out what it waits for.",
  });
}

const START_HINTS: Readonly<Record<string, string>> = {
  ENOENT: "Give the full path of a program that exists here; a script also needs the interpreter of its #! line.",
  EACCES: "Make the file executable for the user that leafd runs as.",
  ENOEXEC: "Start the script with a #! line.",
};

function notStarted({ argv }: Command, error: unknown): LeafdError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  if (code === "EMFILE" || code === "ENFILE")
    return new LeafdError("reload_failed", `${argv[0]} cannot be started (${code})`, {
      hint: "leafd has no file descriptors left: raise LimitNOFILE= (ulimit -n).",
    });
  const hint = START_HINTS[code];
  if (hint === undefined) return new LeafdError("reload_failed", `${argv[0]} cannot be started (${code})`);
  return new LeafdError("reload_target", `${argv[0]} cannot be started (${code})`, { hint });
}
