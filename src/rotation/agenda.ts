import type { DaemonStatus } from "../domain/status.ts";
import { type EpochMillis, MINUTE, type Millis, SECOND } from "../domain/units.ts";
import { Interruption } from "./interruption.ts";
import type { Clock } from "./ports.ts";

/** For how long at least a delay is remembered, and for less than twice that. */
const REMEMBERED: Millis = MINUTE;

/** A wall clock may be set: whoever waits for a time of day looks at it again at least this often. */
const LONGEST_NAP: Millis = 30 * SECOND;

interface Entry {
  readonly until: EpochMillis;
  /** On the monotonic clock: when that much time has passed, whatever the wall clock shows. */
  readonly latest: Millis;
  readonly wake: () => void;
}

interface Reading {
  readonly wall: EpochMillis;
  readonly monotonic: Millis;
}

/**
 * Who waits for which time of day: one timer for all services. `run` is the only thing that sleeps; it stamps
 * `lastTick`, from which liveness is judged.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** Of the nap that is being taken. */
  #interruption: Interruption | undefined;
  /** When that ends by itself, on the monotonic clock: the wall clock may move under it. */
  #planned: Millis = Number.POSITIVE_INFINITY;
  #lastTick: Millis;
  /** The longest delay since the monotonic time `since`, and of the time before that. */
  #late: { readonly since: Millis; readonly most: Millis; readonly before: Millis };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTick = clock.monotonic();
    this.#late = { since: this.#lastTick, most: 0, before: 0 };
  }

  /** On the monotonic clock. Healthy while it is younger than twice the longest nap. */
  get lastTick(): Millis {
    return this.#lastTick;
  }

  /** The last tick by the wall clock, and the longest delay lately: the process had no CPU, or did something long. */
  status(): Pick<DaemonStatus, "lastTick" | "schedulerLag"> {
    const { wall, monotonic } = this.#read();
    const { most, before } = this.#late;
    return { lastTick: wall - (monotonic - this.#lastTick), schedulerLag: Math.max(most, before) };
  }

  /**
   * Resolves when the wall clock shows `until`, when as much time has passed as it takes until then now (the wall clock
   * may be set back), when `wake(key)` is called, or when the signal aborts.
   */
  wait(key: string, until: EpochMillis, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#entries.delete(key);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      const latest = this.#clock.monotonic() + until - this.#clock.now();
      this.#entries.set(key, { until, latest, wake });
      if (latest < this.#planned) this.#interrupt();
    });
  }

  /** Ends a wait before its time; nothing happens when nobody waits under this key. */
  wake(key: string): void {
    this.#entries.get(key)?.wake();
  }

  /** Sleeps until the earliest entry and wakes it, for ever. Resolves when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#interruption = new Interruption(signal);
    while (!signal.aborted) {
      this.#lastTick = this.#clock.monotonic();
      const duration = this.#untilNext();
      this.#planned = this.#clock.monotonic() + duration;
      await this.#nap(duration, this.#interruption.signal);
      const reading = this.#read();
      this.#noteDelay(reading.monotonic);
      for (const entry of this.#entries.values()) if (left(entry, reading) <= 0) entry.wake();
      // Who only looks and waits again has said until when by then, and needs no nap to be cut short for that.
      await Promise.resolve();
    }
  }

  #noteDelay(now: Millis): void {
    const { since, most } = this.#late;
    // A nap that was cut short has no end to be late for.
    const delay = Number.isFinite(this.#planned) ? Math.max(0, now - this.#planned) : 0;
    if (now - since < REMEMBERED) this.#late = { ...this.#late, most: Math.max(most, delay) };
    // After a nap that took longer than that, what was before it is no longer of interest.
    else this.#late = { since: now, most: delay, before: now - since < 2 * REMEMBERED ? most : 0 };
  }

  /** Once for each nap, however many are due before its end. */
  #interrupt(): void {
    this.#planned = Number.NEGATIVE_INFINITY;
    this.#interruption?.raise();
  }

  #untilNext(): Millis {
    let next = Number.POSITIVE_INFINITY;
    const reading = this.#read();
    for (const entry of this.#entries.values()) next = Math.min(next, left(entry, reading));
    return Math.min(LONGEST_NAP, Math.max(0, next));
  }

  /** Once for all entries: a clock that is guarded does some work each time that it is asked. */
  #read(): Reading {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() };
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

function left({ until, latest }: Entry, { wall, monotonic }: Reading): Millis {
  return Math.min(until - wall, latest - monotonic);
}
