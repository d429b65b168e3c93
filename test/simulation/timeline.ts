import type { EpochMillis } from "../../src/domain/units.ts";

interface Planned {
  readonly at: EpochMillis;
  readonly run: () => void;
}

/** What is going to happen, in the order of time; at equal times in the order in which it was planned. */
export class Timeline {
  readonly #planned: Planned[] = [];

  get next(): EpochMillis | undefined {
    return this.#planned[0]?.at;
  }

  plan(at: EpochMillis, run: () => void): void {
    let index = this.#planned.length;
    while (index > 0 && (this.#planned[index - 1]?.at ?? 0) > at) index -= 1;
    this.#planned.splice(index, 0, { at, run });
  }

  /** The first one takes place. */
  shift(): void {
    this.#planned.shift()?.run();
  }
}
