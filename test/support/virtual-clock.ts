import type { Clock } from "../../src/rotation/ports.ts";

/** Turns of the event loop that are given to promise chains after each step; microtasks need only one. */
const SETTLE_TURNS = 3;

interface Sleeper {
  /** On the monotonic axis. */
  readonly due: number;
  wake(): void;
}

/**
 * A clock that moves only when the test says so. `advance(ms)` walks from sleeper to sleeper in the order in which
 * they are due (equal ones in the order in which they went to sleep), sets the time to exactly that moment, wakes it,
 * and lets all promises settle before it goes on; sleepers that are added on the way take part. So the same test runs
 * the same way each time. What it cannot settle is real I/O (files, sockets): use `waitFor` there, or fakes.
 */
export class VirtualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #suspended = 0;
  #sleepers: Sleeper[] = [];

  /** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  boottime(): number {
    return this.#monotonic + this.#suspended;
  }

  sleep(duration: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (duration <= 0) return resolve();
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        due: this.#monotonic + duration,
        wake: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** How many wait now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Milliseconds until the next sleeper is due; undefined when nobody sleeps. */
  get untilNext(): number | undefined {
    return this.#next() && Math.max(0, (this.#next()?.due ?? 0) - this.#monotonic);
  }

  /** Lets time pass, as described at the class. */
  async advance(duration: number): Promise<void> {
    const end = this.#monotonic + duration;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) await this.#wake(next);
    this.#moveTo(end);
    await this.settle();
  }

  /** Goes from sleeper to sleeper until the condition holds; throws when nobody sleeps or `limit` ms have passed. */
  async advanceUntil(condition: () => boolean, limit: number): Promise<void> {
    const end = this.#monotonic + limit;
    await this.settle();
    while (!condition()) {
      const next = this.#next();
      if (next === undefined) throw new Error("the condition does not hold and nobody sleeps");
      if (next.due > end) throw new Error(`the condition does not hold after ${limit} virtual ms`);
      await this.#wake(next);
    }
  }

  /** The wall clock is set, by an operator or by NTP; sleepers and the monotonic clock do not notice. */
  jump(by: number): void {
    this.#wall += by;
  }

  /** The machine is suspended for so long: the wall clock shows it, and no sleeper is any further. */
  suspend(duration: number): void {
    this.#wall += duration;
    this.#suspended += duration;
  }

  /** The process gets no CPU for so long: time passes, and whoever is due meanwhile wakes at the next `advance`. */
  stall(duration: number): void {
    this.#moveTo(this.#monotonic + duration);
  }

  /** Lets everything that waits for promises only run to its next wait. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The first one due: the sort is stable, so equal ones keep the order in which they came. */
  #next(): Sleeper | undefined {
    return this.#sleepers.toSorted((a, b) => a.due - b.due)[0];
  }

  async #wake(sleeper: Sleeper): Promise<void> {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.#moveTo(Math.max(sleeper.due, this.#monotonic));
    sleeper.wake();
    await this.settle();
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }
}
