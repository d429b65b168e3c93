import { type ChildProcess, spawn } from "node:child_process";
import { on } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = resolve(import.meta.dirname, "../fixtures/signal-listener.mjs");

interface ListenerOptions {
  /** What it calls itself, as in /proc/PID/comm. */
  readonly name?: string;
  /** The signal it has a handler for. */
  readonly handles?: NodeJS.Signals | "none";
  /** Children of the same name. */
  readonly workers?: number;
}

export interface SignalListener extends AsyncDisposable {
  readonly pid: number;
  readonly workers: readonly number[];
  /** The next line it prints: `SIGHUP 1234` for a signal that process 1234 got. */
  line(): Promise<string>;
  /** Ends it, and with it its workers; resolves when it has gone. */
  stop(): Promise<void>;
}

/** Starts a program that waits for signals, and resolves when its handlers are in place. */
export async function startListener(options: ListenerOptions = {}): Promise<SignalListener> {
  const { name = "test-dependent", handles = "SIGHUP", workers = 0 } = options;
  const args = [PROGRAM, name, handles, String(workers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = on(createInterface(child.stdout), "line", { close: ["close"] });
  const line = async (): Promise<string> => {
    const next = await lines.next();
    if (next.done === true) throw new Error(`${name} ended`);
    return String(next.value[0]);
  };
  const ready: number[] = [];
  while (ready.length <= workers) ready.push(Number((await line()).replace("ready ", "")));
  const pid = child.pid ?? 0;
  const stop = (): Promise<void> => stopChild(child);
  return { pid, workers: ready.filter((each) => each !== pid), line, stop, [Symbol.asyncDispose]: stop };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((done) => {
    child.once("exit", () => done());
  });
  child.kill("SIGKILL");
  await exited;
}
