import { setTimeout as sleep } from "node:timers/promises";
import { fetchEvents } from "../control/client.ts";
import { toLeafdError } from "../domain/errors.ts";
import { SECOND } from "../domain/units.ts";
import { CONFIG_OPTION, CONTROL_OPTION, type Command, parseOptions, type Terminal } from "./command.ts";
import { eventText } from "./event-text.ts";
import { EXIT } from "./exit-codes.ts";
import { placeOf } from "./place.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  ...CONTROL_OPTION,
  follow: { type: "boolean", short: "f", default: false },
  service: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const eventsCommand: Command = {
  name: "events",
  summary: "Show what happened lately, and what happens",
  options: OPTIONS,
  help: `Usage: leafd events [--follow] [--service NAME] [--json] [--config FILE | --control DIRECTORY]

Prints the last 500 events of the running leafd, as its log does (docs/logs.md) but of every level, whatever log.level
is, and without rights to the log: asked over the read-only socket. With --follow it goes on with what happens until
Ctrl-C, also when leafd is started anew; that is said on standard error. A reader that is too slow is let go, told so,
and comes back to what is kept by then.

Options:
  -f, --follow              go on with what happens
      --service NAME        of this service only
      --json                one JSON object a line: the fields of docs/logs.md
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration

Exit codes: 0 done, or told to stop · 1 there is no such service · 69 leafd is not running · 78 wrong configuration
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    const { control: directory } = await placeOf(values, terminal);
    const { follow, service, json } = values;
    const request = { follow, ...(service !== undefined && { service }) };
    const print = (line: string) => terminal.out(json ? `${line}\n` : eventText(line));
    await new Reader({ directory, request, print }, terminal).read();
    return EXIT.ok;
  },
};

interface Reading {
  readonly directory: string;
  readonly request: { readonly follow: boolean; readonly service?: string };
  readonly print: (line: string) => void;
}

/** As many as leafd keeps: what was printed before is not printed again when the same leafd is asked once more. */
const REMEMBERED = 500;

/** Prints events, and while it follows comes back to a leafd that went away. */
class Reader {
  readonly #reading: Reading;
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  readonly #printed = new Set<string>();
  #isBack = true;

  constructor(reading: Reading, terminal: Terminal) {
    this.#reading = reading;
    this.#terminal = terminal;
    this.#signal = AbortSignal.any([terminal.stopped, terminal.outputClosed]);
  }

  async read(): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      await this.#readOnce();
      if (!this.#reading.request.follow || signal.aborted) return;
      if (this.#isBack) this.#terminal.err("leafd is not there any more; waiting for it\n");
      this.#isBack = false;
      await sleep(SECOND, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the stream ends; rejects when that is no reason to come back. */
  async #readOnce(): Promise<void> {
    const { directory, request } = this.#reading;
    let isKnown = true;
    try {
      for await (const line of fetchEvents(directory, request, this.#signal)) {
        isKnown &&= this.#printed.has(line);
        if (!isKnown) this.#print(line);
      }
    } catch (thrown) {
      const isGone = ["connect", "bad_response"].includes(toLeafdError(thrown).reason);
      if (this.#signal.aborted || (isGone && request.follow && this.#printed.size > 0)) return;
      throw thrown;
    }
  }

  #print(line: string): void {
    if (!this.#isBack) this.#terminal.err("leafd is back\n");
    this.#isBack = true;
    this.#reading.print(line);
    this.#printed.add(line);
    const [oldest] = this.#printed;
    if (this.#printed.size > REMEMBERED && oldest !== undefined) this.#printed.delete(oldest);
  }
}
