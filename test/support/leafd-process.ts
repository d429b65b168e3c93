import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text as readText } from "node:stream/consumers";
import type { RotationEvent } from "../../src/domain/events.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** One line of the JSON log: the fields of docs/logs.md. */
export interface LogLine {
  readonly event: RotationEvent["kind"];
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly service?: string;
  readonly serial?: string;
  readonly generation?: string;
  readonly reason?: string;
  readonly hint?: string;
  readonly [field: string]: unknown;
}

export interface LeafdOptions {
  /** Drops these rights before it starts. */
  readonly uid?: number;
  readonly gid?: number;
  /** Besides PATH, which is all it gets of the test's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file that Node runs instead of the sources: a release. */
  readonly program?: string;
  /** Put before the program: `["unshare", "--pid"]`. */
  readonly wrapper?: readonly string[];
}

/** How long an event may take: this machine may have other things to do. */
const PATIENCE = 30_000;

/** The end of a leafd: either member is null, as child processes have it. */
export interface LeafdEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** What was written to standard error besides the log. */
  readonly stderr: string;
}

/** A leafd of its own process: the real program, its log as events, signals, its exit. Killed at the end of an `await using` scope. */
export class LeafdProcess implements AsyncDisposable {
  readonly pid: number;
  /** Settles when it has ended and all that it wrote has been read. */
  readonly ended: Promise<LeafdEnd>;
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  readonly #other: string[] = [];
  readonly #news = new EventEmitter();
  #over = false;
  /** Where the next look begins. */
  #position = 0;

  constructor(args: readonly string[], options: LeafdOptions = {}) {
    const { uid, gid, env, program = join(REPOSITORY, "src/main.ts"), wrapper = [] } = options;
    // Compiled once for all the processes that the tests start.
    const cache = { NODE_COMPILE_CACHE: join(REPOSITORY, ".cache/compile") };
    const [command = "", ...rest] = [...wrapper, process.execPath, program, ...args];
    const child = spawn(command, rest, {
      env: { PATH: process.env["PATH"], ...cache, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    if (child.pid === undefined) throw new Error(`cannot start ${command}`);
    this.pid = child.pid;
    this.#child = child;
    this.#news.setMaxListeners(0);
    const stdout = readText(child.stdout);
    createInterface(child.stderr).on("line", (line) => this.#read(line));
    this.ended = this.#end(stdout);
    process.once("exit", this.#kill);
  }

  /** The log so far. */
  get log(): readonly LogLine[] {
    return this.#lines;
  }

  /** The lines of this kind so far, of this service when one is named. */
  seen(kind: LogLine["event"], service?: string): LogLine[] {
    return this.#lines.filter((line) => line.event === kind && (service === undefined || line.service === service));
  }

  /**
   * The next event of this kind that fits, after the one that the last call answered; waits for it. Rejects when leafd
   * ends before, or after 30 s, with the end of the log.
   */
  async next(kind: LogLine["event"], fits: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const signal = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const found = this.#lines.findIndex((line, at) => at >= this.#position && line.event === kind && fits(line));
      const line = this.#lines[found];
      if (line !== undefined) {
        this.#position = found + 1;
        return line;
      }
      if (this.#over) throw new Error(`leafd ended without ${kind}:\n${this.tail()}`);
      await once(this.#news, "line", { signal }).catch(() => {
        throw new Error(`waited ${PATIENCE} ms in vain for ${kind}:\n${this.tail()}`);
      });
    }
  }

  /** Resolves when each of these services has had an event of this kind; `next` then goes on after the last of them. */
  async each(kind: LogLine["event"], ...services: readonly string[]): Promise<void> {
    for (const service of services) {
      while (this.seen(kind, service).length === 0) await this.next(kind);
      // Several lines may have come at once: those that were not waited for are passed over as well.
      const first = this.#lines.findIndex((line) => line.event === kind && line.service === service);
      this.#position = Math.max(this.#position, first + 1);
    }
  }

  /** The last lines of standard error, for the message of a failed assertion. */
  tail(): string {
    const lines = this.#lines.slice(-12).map(({ level, service = "-", event, msg }) => [level, service, event, msg]);
    return [...lines.map((line) => line.join(" ")), ...this.#other.slice(-12)].join("\n");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, or another signal, and waits for the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<LeafdEnd> {
    this.signal(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  readonly #kill = () => void this.#child.kill("SIGKILL");

  async #end(stdout: Promise<string>): Promise<LeafdEnd> {
    const [code, signal] = await once(this.#child, "close");
    process.removeListener("exit", this.#kill);
    this.#over = true;
    this.#news.emit("line");
    return { code, signal, stdout: await stdout, stderr: this.#other.join("\n") };
  }

  #read(line: string): void {
    const parsed = parseLine(line);
    if (parsed === undefined) this.#other.push(line);
    else this.#lines.push(parsed);
    this.#news.emit("line");
  }
}

export interface LeafdRun extends LeafdEnd {
  readonly log: readonly LogLine[];
}

/** Runs a command that ends by itself. */
export async function runLeafd(args: readonly string[], options: LeafdOptions = {}): Promise<LeafdRun> {
  await using leafd = new LeafdProcess(args, options);
  return { ...(await leafd.ended), log: leafd.log };
}

function parseLine(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined;
  const value: unknown = JSON.parse(line);
  return isLogLine(value) ? value : undefined;
}

function isLogLine(value: unknown): value is LogLine {
  return typeof value === "object" && value !== null && "event" in value && "msg" in value;
}
