import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Millis } from "../../../domain/units.ts";
import type { Clock } from "../../../rotation/ports.ts";
import { type Child, startChild } from "../child.ts";

const PROGRAM = join(import.meta.dirname, "web-server.ts");
/** Between the end of the program and its next start. */
const PAUSE: Millis = 50;

interface WebOptions {
  /** Where leafd publishes its certificate. */
  readonly output: string;
  /** For its pid file and its switches. */
  readonly directory: string;
  readonly port: number;
  readonly clock: Clock;
}

/** The dependent of the drill with its supervisor, which starts it again whenever it ends. */
export class Web implements AsyncDisposable {
  readonly pidFile: string;
  readonly #options: WebOptions;
  readonly #over = new AbortController();
  #child: Child | undefined;
  #supervision: Promise<void> = Promise.resolve();
  /** How often it was started. */
  starts = 0;

  constructor(options: WebOptions) {
    this.#options = options;
    this.pidFile = join(options.directory, "pid");
  }

  /** Its own check of what is published. */
  get check(): readonly string[] {
    return [process.execPath, PROGRAM, "--check", "--old", this.#switch("old"), this.#options.output];
  }

  /** There must be a certificate by now. */
  async start(): Promise<void> {
    await mkdir(this.#options.directory, { recursive: true });
    this.#supervision = this.#supervise();
  }

  /** `deaf`: it ignores SIGHUP. `old`: it takes P-256 keys and no others. */
  async turn(what: "deaf" | "old", on: boolean): Promise<void> {
    if (on) await writeFile(this.#switch(what), "");
    else await rm(this.#switch(what), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#child?.[Symbol.asyncDispose]();
    await this.#supervision;
  }

  #switch(what: "deaf" | "old"): string {
    return join(this.#options.directory, what);
  }

  async #supervise(): Promise<void> {
    const { output, port, directory, clock } = this.#options;
    const switches = [`--port=${port}`, `--pid-file=${this.pidFile}`];
    const turned = [`--deaf=${this.#switch("deaf")}`, `--old=${this.#switch("old")}`];
    while (!this.#over.signal.aborted) {
      this.starts += 1;
      const args = [PROGRAM, ...switches, ...turned, output];
      await using child = startChild({ command: process.execPath, args, directory });
      this.#child = child;
      await child.ended;
      await clock.sleep(PAUSE, this.#over.signal).catch(() => {});
    }
  }
}
