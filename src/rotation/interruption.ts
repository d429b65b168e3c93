/**
 * Ends what somebody is doing and lets him go on with something else: an abort that can be repeated, and that comes for
 * good when `stop` aborts. Made once for all that he does: signals that are combined anew for each wait
 * (AbortSignal.any) cost more than most waits, and Node keeps those that somebody still listens to.
 */
export class Interruption {
  readonly #stop: AbortSignal;
  #current = new AbortController();

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    const end = (): void => this.#current.abort(stop.reason);
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
  }

  /** Aborts at the next `raise`; ask for it anew before each piece of work. */
  get signal(): AbortSignal {
    return this.#current.signal;
  }

  raise(): void {
    this.#current.abort(RAISED);
    if (!this.#stop.aborted) this.#current = new AbortController();
  }
}

/** One for all: whoever is interrupted asks whether, not why. */
const RAISED = new DOMException("interrupted", "AbortError");
