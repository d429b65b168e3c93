import { EventEmitter, once } from "node:events";
import { LeafdError } from "../../../domain/errors.ts";
import { type EpochMillis, formatDuration, type Millis, SECOND } from "../../../domain/units.ts";
import type { LogRecord } from "../leafd-process.ts";

const WORDS = ["service", "reason", "issuer", "serial", "cause", "stage", "from", "to", "state", "cluster"] as const;

/** A line of leafd's log, as far as the drill reads it. */
export type Entry = Readonly<Partial<Record<(typeof WORDS)[number], string>>> & {
  readonly event: string;
  readonly at: EpochMillis;
  readonly level: string;
  readonly msg: string;
  readonly failures?: number;
  readonly reloadOwed?: boolean;
};

/** An event to wait for. */
export interface Wanted {
  /** How the drill calls it when it does not come. */
  readonly what: string;
  readonly fits: (entry: Entry) => boolean;
  /** Number of the first entry that counts. */
  readonly from: number;
}

/** Longer than anything in the drill takes on a busy machine. */
const PATIENCE: Millis = 45 * SECOND;

/** All that leafd has said. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #news = new EventEmitter().setMaxListeners(0);

  /** How many entries there are: the number of the next. */
  get length(): number {
    return this.#entries.length;
  }

  /** Lines that are no event (what is said before the log is there) become the event `message`. */
  add(record: LogRecord, now: EpochMillis): Entry {
    const entry = entryOf(record, now);
    this.#entries.push(entry);
    this.#news.emit("entry", entry);
    return entry;
  }

  /** The number of an entry. */
  numberOf(entry: Entry): number {
    return this.#entries.indexOf(entry);
  }

  /** The entries from this number on that fit. */
  since(from: number, fits: (entry: Entry) => boolean): readonly Entry[] {
    return this.#entries.slice(from).filter(fits);
  }

  /** The first entry that is wanted; waits for it. LeafdError `timeout` when it does not come. */
  async next({ what, fits, from }: Wanted, signal: AbortSignal): Promise<Entry> {
    const patience = AbortSignal.timeout(PATIENCE);
    for (;;) {
      const found = this.#entries.slice(from).find(fits);
      if (found !== undefined) return found;
      signal.throwIfAborted();
      if (patience.aborted) throw this.#inVain(what);
      await once(this.#news, "entry", { signal: AbortSignal.any([patience, signal]) }).catch(() => {});
    }
  }

  #inVain(what: string): LeafdError {
    const { msg = "none" } = this.#entries.findLast(({ level }) => level === "error") ?? {};
    return new LeafdError("timeout", `waited ${formatDuration(PATIENCE)} in vain for ${what}; the last error: ${msg}`);
  }

  /** Calls `listener` with each entry from now on, before anybody who waits for it goes on; answers how to stop that. */
  listen(listener: (entry: Entry) => void): () => void {
    this.#news.prependListener("entry", listener);
    return () => void this.#news.off("entry", listener);
  }
}

function entryOf(record: LogRecord, now: EpochMillis): Entry {
  const { event, level, msg, time, failures, reloadOwed } = record;
  const words = WORDS.flatMap((word) => (typeof record[word] === "string" ? [[word, record[word]] as const] : []));
  return {
    ...Object.fromEntries(words),
    event: typeof event === "string" ? event : "message",
    at: typeof time === "string" ? Date.parse(time) : now,
    level: typeof level === "string" ? level : "error",
    msg: typeof msg === "string" ? msg : "",
    ...(typeof failures === "number" && { failures }),
    ...(typeof reloadOwed === "boolean" && { reloadOwed }),
  };
}
