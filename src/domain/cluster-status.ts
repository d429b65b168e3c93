import type { Reason } from "./errors.ts";
import type { EpochMillis } from "./units.ts";

/** What leafd knows of a cluster and of its login there. */
export interface ClusterStatus {
  readonly name: string;
  /** The address in use, or the first one while none has answered. */
  readonly address: string;
  /** Absent: not asked yet. */
  readonly up?: boolean;
  /** Why it is down, and since when. */
  readonly reason?: Reason;
  readonly since?: EpochMillis;
  /** When the token ends unless it is renewed; absent: not logged in, or it never ends. */
  readonly tokenExpires?: EpochMillis;
  /** The last login failed. */
  readonly login?: LoginTrouble;
}

/** Logins that failed in a row. */
export interface LoginTrouble {
  readonly reason: Reason;
  /** When the first one failed since the last that did not. */
  readonly since: EpochMillis;
  /** When it is tried next, unless other credentials are there before. */
  readonly retryAt: EpochMillis;
}
