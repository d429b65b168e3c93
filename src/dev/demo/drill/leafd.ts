import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sendOrder } from "../../../control/client.ts";
import { LeafdError } from "../../../domain/errors.ts";
import type { Child } from "../child.ts";
import { type LogRecord, runLeafd } from "../leafd-process.ts";

interface LeafdOptions {
  /** For its configuration and its state. */
  readonly directory: string;
  /** `host:port` of its metrics. */
  readonly metrics: string;
  readonly onLog: (record: LogRecord) => void;
  /** It has ended, and nobody wanted that. */
  readonly onEnd: (how: string) => void;
}

/** The leafd of the drill, with what its operator does to it. */
export class Leafd implements AsyncDisposable {
  readonly #options: LeafdOptions;
  #child: Child | undefined;

  constructor(options: LeafdOptions) {
    this.#options = options;
  }

  /** Writes its configuration; a leafd that runs takes it up. */
  configure(text: string): Promise<void> {
    return writeFile(this.#config, text);
  }

  start(): void {
    const { directory, onLog, onEnd } = this.#options;
    const child = runLeafd({ directory, config: this.#config, onLog });
    this.#child = child;
    void child.ended.then((how) => this.#child === child && onEnd(`${how}\n${child.tail()}`));
  }

  /** kill -9; resolves when it has gone. */
  async crash(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill();
    await child?.[Symbol.asyncDispose]();
  }

  /** As `leafd renew SERVICE` does it. */
  async renew(service: string, signal: AbortSignal): Promise<void> {
    const control = join(this.#options.directory, "state", "control");
    const [answer] = await sendOrder(
      control,
      { kind: "renew", request: { services: [service], force: false } },
      signal,
    );
    if (answer?.accepted !== true) throw new LeafdError("request_denied", `leafd renew: ${answer?.message}`);
  }

  /** What a scrape finds: the lines of the Prometheus text format. */
  async metrics(signal: AbortSignal): Promise<readonly string[]> {
    const answer = await fetch(`http://${this.#options.metrics}/metrics`, { signal });
    return (await answer.text()).split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.[Symbol.asyncDispose]();
  }

  get #config(): string {
    return join(this.#options.directory, "leafd.yaml");
  }
}
