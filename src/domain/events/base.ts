import type { EpochMillis } from "../units.ts";

/** What every event says. */
export interface Base {
  readonly at: EpochMillis;
}

export interface OfService extends Base {
  readonly service: string;
}
