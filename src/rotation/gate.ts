interface Waiting {
  readonly urgency: number;
  readonly enter: () => void;
}

/**
 * Lets a bounded number of rotations through at a time, the most urgent first: after an outage the certificate that
 * ends earliest is the first to be renewed.
 */
export class Gate {
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Runs `work` when a place is free. A lower `urgency` number goes first; rejects when the signal aborts before. */
  async pass<T>(urgency: number, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(urgency, signal);
    try {
      return await work();
    } finally {
      this.#free += 1;
      this.#admit();
    }
  }

  #enter(urgency: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(ticket), 1);
        reject(signal.reason);
      };
      const ticket: Waiting = {
        urgency,
        enter: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(ticket);
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#free > 0 && this.#waiting.length > 0) {
      let first = 0;
      for (let i = 1; i < this.#waiting.length; i += 1) {
        if ((this.#waiting[i]?.urgency ?? 0) < (this.#waiting[first]?.urgency ?? 0)) first = i;
      }
      const [ticket] = this.#waiting.splice(first, 1);
      this.#free -= 1;
      ticket?.enter();
    }
  }
}
