import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { Clock } from "./ports.ts";

/** A wall clock may be set: whoever waits for a time of day looks at it again at least this often. */
const LONGEST_NAP: Millis = 30 * SECOND;

interface Entry {
  readonly until: EpochMillis;
  readonly wake: () => void;
}

/**
 * Who waits for which time of day: one timer for all services. `run` is the only thing that sleeps; it stamps
 * `lastTick`, from which liveness is judged.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #interrupt = new AbortController();
  /** When the nap that is being taken ends by itself. */
  #planned: EpochMillis = Number.POSITIVE_INFINITY;
  #lastTick: Millis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTick = clock.monotonic();
  }

  /** On the monotonic clock. Healthy while it is younger than twice the longest nap. */
  get lastTick(): Millis {
    return this.#lastTick;
  }

  /** Resolves when the wall clock shows `until`, when `wake(key)` is called, or when the signal aborts. */
  wait(key: string, until: EpochMillis, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#entries.delete(key);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#entries.set(key, { until, wake });
      if (until < this.#planned) this.#interrupt.abort();
    });
  }

  /** Ends a wait before its time; nothing happens when nobody waits under this key. */
  wake(key: string): void {
    this.#entries.get(key)?.wake();
  }

  /** Sleeps until the earliest entry and wakes it, for ever. Resolves when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#lastTick = this.#clock.monotonic();
      this.#interrupt = new AbortController();
      const duration = this.#untilNext();
      this.#planned = this.#clock.now() + duration;
      await this.#nap(duration, AbortSignal.any([signal, this.#interrupt.signal]));
      const now = this.#clock.now();
      for (const entry of this.#entries.values()) if (entry.until <= now) entry.wake();
    }
  }

  #untilNext(): Millis {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) next = Math.min(next, entry.until);
    return Math.min(LONGEST_NAP, Math.max(0, next - this.#clock.now()));
  }

  /** A nap that is cut short is no error. */
  async #nap(duration: Millis, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(duration, signal);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    }
  }
}
