import { type EpochMillis, HOUR, type Millis, SECOND } from "../../src/domain/units.ts";

/** leafd dates an issuance from before it asked: what was signed just within the hour may be just outside of it there. */
const ACCOUNTED: Millis = HOUR - 15 * SECOND;

/** What the issuer has signed for one service, held against the budget: twice the renewals of an hour, and three. */
export class Spending {
  #signed: EpochMillis[] = [];

  /** One more, for a service whose certificates live so long; answers what is wrong with that. */
  spend(at: EpochMillis, lifetime: Millis): string | undefined {
    this.#signed = [...this.#signed.filter((earlier) => earlier > at - ACCOUNTED), at];
    // A quarter of the lifetime is the soonest that a renewal may be planned.
    const budget = Math.ceil((2 * HOUR) / (lifetime / 4)) + 3;
    const { length } = this.#signed;
    return length > budget ? `${length} certificates in an hour; ${budget} allowed` : undefined;
  }

  forgive(): void {
    this.#signed = [];
  }
}
