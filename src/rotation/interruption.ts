/** Ends what somebody is doing and lets him go on with something else: an abort that can be repeated. */
export class Interruption {
  #current = new AbortController();

  /** Aborts at the next `raise`; ask for it anew before each piece of work. */
  get signal(): AbortSignal {
    return this.#current.signal;
  }

  raise(): void {
    this.#current.abort();
    this.#current = new AbortController();
  }
}
