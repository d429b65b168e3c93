import { type EpochMillis, HOUR, type Millis, SECOND } from "../../src/domain/units.ts";

/** leafd dates an issuance from before it asked: what was signed just within the hour may be just outside of it there. */
const ACCOUNTED: Millis = HOUR - 15 * SECOND;

interface Spent {
  readonly at: EpochMillis;
  /** Of the certificates of that time. */
  readonly lifetime: Millis;
}

/** What was signed for one service, held against the budget: twice the renewals of an hour, and three. */
export class Spending {
  #spent: Spent[] = [];

  /** One more, for a service whose certificates live so long now; answers what is wrong with that. */
  spend(at: EpochMillis, lifetime: Millis): string | undefined {
    this.#spent = [...this.#spent.filter((earlier) => earlier.at > at - ACCOUNTED), { at, lifetime }];
    const shortest = Math.max(SECOND, Math.min(...this.#spent.map((one) => one.lifetime)));
    // A quarter of the lifetime is the soonest that a renewal may be planned.
    const budget = Math.ceil((2 * HOUR) / (shortest / 4)) + 3;
    const { length } = this.#spent;
    return length > budget ? `${length} certificates in an hour; ${budget} allowed` : undefined;
  }

  forgive(): void {
    this.#spent = [];
  }
}
