import type { Clock } from "../../src/rotation/ports.ts";

interface Sleeper {
  /** On the monotonic axis. */
  readonly due: number;
  /** Equal ones wake in the order in which they went to sleep. */
  readonly order: number;
  readonly clock: ProcessClock;
  /** Undefined once it was woken or gave up. */
  wake: (() => void) | undefined;
}

/**
 * Time for a simulation that passes months in a second: a heap of sleepers, and promises that are let settle with one
 * turn of the tick queue. Three clocks: the true time, which nobody but the invariants sees; the wall clock, which may be
 * set; and the monotonic clock, which stands still while the machine is suspended.
 */
export class VirtualTime {
  #trueNow: number;
  #wallError = 0;
  #monotonic = 0;
  #order = 0;
  readonly #heap: Sleeper[] = [];

  constructor(start: number) {
    this.#trueNow = start;
  }

  get trueNow(): number {
    return this.#trueNow;
  }

  /** How far the wall clock is ahead of the truth. */
  get wallError(): number {
    return this.#wallError;
  }

  get wall(): number {
    return this.#trueNow + this.#wallError;
  }

  get monotonic(): number {
    return this.#monotonic;
  }

  /** Somebody sets the wall clock. */
  setWallError(error: number): void {
    this.#wallError = error;
  }

  /** The machine sleeps: the monotonic clock does not see it, and no sleeper comes nearer to its end. */
  suspend(duration: number): void {
    this.#trueNow += duration;
  }

  pass(duration: number): void {
    this.#trueNow += duration;
    this.#monotonic += duration;
  }

  /** When the next sleeper is due on the true axis, if nobody suspends the machine; undefined when nobody sleeps. */
  get nextDue(): number | undefined {
    const sleeper = this.#first();
    return sleeper && this.#trueNow + Math.max(0, sleeper.due - this.#monotonic);
  }

  /** Wakes the first sleeper, however late it is. */
  wakeFirst(): void {
    const sleeper = this.#first();
    if (sleeper === undefined) return;
    this.#pop();
    sleeper.wake?.();
  }

  /** Lets everything that waits only for promises run to its next wait. */
  async settle(): Promise<void> {
    // From a tick the next one would come before the promises; from a promise it comes when there are no more of them.
    await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }

  /** Lets a process that was killed run on to its next waits, also those for turns of the real event loop. */
  async unwind(): Promise<void> {
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Whole milliseconds, as timers have them: fractions would be lost in the sum of an epoch and a wait. */
  add(duration: number, clock: ProcessClock, wake: () => void): Sleeper {
    const sleeper = { due: this.#monotonic + Math.ceil(duration), order: this.#order++, clock, wake };
    this.#heap.push(sleeper);
    this.#up(this.#heap.length - 1);
    return sleeper;
  }

  /** The first sleeper that still sleeps; drops those before it that gave up, or whose process is gone. */
  #first(): Sleeper | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.wake !== undefined && first.clock.alive) return first;
      this.#pop();
    }
    return undefined;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLater(parent, at)) return;
      at = parent;
    }
  }

  #down(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      const child = this.#isLater(left, left + 1) ? left + 1 : left;
      if (!this.#swapIfLater(at, child)) return;
      at = child;
    }
  }

  #swapIfLater(above: number, below: number): boolean {
    if (!this.#isLater(above, below)) return false;
    const [a, b] = [this.#heap[above], this.#heap[below]];
    if (a !== undefined && b !== undefined) {
      this.#heap[above] = b;
      this.#heap[below] = a;
    }
    return true;
  }

  /** False when there is nobody at `b`. */
  #isLater(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.due > other.due || (one.due === other.due && one.order > other.order);
  }
}

/** The clock that one process sees. When the process is killed its sleeps never end. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  alive = true;
  /** How many sleep now. */
  sleeping = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.wall;
  }

  monotonic(): number {
    return this.#time.monotonic;
  }

  /** Goes on while the machine is suspended. */
  boottime(): number {
    return this.#time.trueNow;
  }

  sleep(duration: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (duration <= 0) return resolve();
      this.sleeping += 1;
      const abort = (): void => {
        this.sleeping -= 1;
        sleeper.wake = undefined;
        reject(signal?.reason);
      };
      const sleeper = this.#time.add(duration, this, () => {
        this.sleeping -= 1;
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
