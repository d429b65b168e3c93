import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Installation } from "./tool.ts";

export interface LogEntry {
  /** When it was read, milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

interface SupervisionOptions {
  /** Milliseconds between an end and the next start; default 5 s. `never`: it stays down. */
  readonly restartAfter?: number | "never";
  /** Drops root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** How systemd is often told to do it: a tool that has ended is started again five seconds later. */
const RESTART_AFTER = 5_000;

/** A tool under a supervisor, its log in memory. Killed at the end of an `await using` scope. */
export class Supervised implements AsyncDisposable {
  readonly log: LogEntry[] = [];
  /** How often it ended by itself. */
  exits = 0;
  readonly #installation: Installation;
  readonly #options: SupervisionOptions;
  #child: ChildProcess;
  #timer: NodeJS.Timeout | undefined;
  #wanted = true;

  constructor(installation: Installation, options: SupervisionOptions = {}) {
    this.#installation = installation;
    this.#options = options;
    this.#child = this.#start();
    process.once("exit", this.#killNow);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`cannot start ${this.#installation.argv.join(" ")}`);
    return this.#child.pid;
  }

  /** The lines of the log that match. */
  lines(what: RegExp): LogEntry[] {
    return this.log.filter(({ text }) => what.test(text));
  }

  /** The end of the log, for an error. */
  tail(): string {
    return this.log
      .slice(-15)
      .map(({ text }) => text)
      .join("\n");
  }

  /** Ends it for good. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#timer);
    process.removeListener("exit", this.#killNow);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("SIGKILL");
  }

  readonly #killNow = () => void this.#child.kill("SIGKILL");

  #start(): ChildProcess {
    const { argv, env } = this.#installation;
    const [program = "", ...args] = argv;
    const child = spawn(program, args, {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...this.#options.user,
    });
    const note = (text: string) => void this.log.push({ at: Date.now(), text });
    createInterface(child.stdout).on("line", note);
    createInterface(child.stderr).on("line", note);
    child.once("exit", () => {
      if (!this.#wanted) return;
      this.exits += 1;
      const { restartAfter = RESTART_AFTER } = this.#options;
      if (restartAfter === "never") return;
      this.#timer = setTimeout(() => (this.#child = this.#start()), restartAfter);
    });
    return child;
  }
}
