import type { Reason } from "../errors.ts";
import type { EpochMillis } from "../units.ts";

/** What every event says. */
export interface Base {
  readonly at: EpochMillis;
}

export interface OfService extends Base {
  readonly service: string;
}

/** What failed, and when it is tried again. */
export interface Failed {
  readonly reason: Reason;
  readonly message: string;
  readonly hint?: string;
  /** In a row, this one included. */
  readonly failures: number;
  readonly retryAt: EpochMillis;
}
