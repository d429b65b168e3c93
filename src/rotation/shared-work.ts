import { orAborted } from "../domain/abort.ts";

interface Current {
  readonly work: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

/** Work that many may want at the same time and that is done once for all of them. Ends early when the last one leaves. */
export class SharedWork {
  #current: Current | undefined;

  /** Joins what is under way, or starts it. Rejects as the work does, or when the signal aborts. */
  async join(start: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const current = this.#current ?? this.#begin(start);
    current.waiting += 1;
    try {
      await orAborted(current.work, signal);
    } finally {
      current.waiting -= 1;
      // What has ended has nothing to stop.
      if (current.waiting === 0 && this.#current === current) current.stop.abort();
    }
  }

  #begin(start: (signal: AbortSignal) => Promise<void>): Current {
    const stop = new AbortController();
    const work = start(stop.signal).finally(() => {
      if (this.#current === current) this.#current = undefined;
    });
    const current: Current = { work, stop, waiting: 0 };
    // Whoever waits hears of a failure; when all have left, nobody needs to.
    work.catch(() => undefined);
    stop.signal.addEventListener("abort", () => {
      if (this.#current === current) this.#current = undefined;
    });
    this.#current = current;
    return current;
  }
}
