import type { Reason } from "./errors.ts";
import type { Cause, Drift, Stage, Superseded } from "./events.ts";
import type { LeafFacts } from "./leaf-facts.ts";
import type { EpochMillis } from "./units.ts";

/** A row of failures without a success in between. */
export interface Trouble {
  readonly failures: number;
  readonly reason: Reason;
  readonly message: string;
  readonly hint?: string;
  readonly stage: Stage;
  /** When the first of them was. */
  readonly since: EpochMillis;
  /** When the last of them was. */
  readonly at: EpochMillis;
  readonly retryAt: EpochMillis;
}

/** Failures of one issuer since the last certificate that was published. */
export interface IssuerTrouble {
  readonly failures: number;
  readonly reason: Reason;
  /** Of the first one: when the next issuer may take part counts from here. */
  readonly since: EpochMillis;
  /** Of the last one. */
  readonly at: EpochMillis;
  readonly retryAt: EpochMillis;
}

/** The dependents have been told, and a probe has yet to see that they serve the published leaf. */
export interface ProofOwed {
  /** When they were told. */
  readonly since: EpochMillis;
  /** When to look next. */
  readonly nextAt: EpochMillis;
  /** Looks since then. */
  readonly looks: number;
}

/** All that is known of one service. Changed by `evolve` (evolve.ts) and by nothing else. */
export interface ServiceState {
  /** The disk has been read. */
  readonly recovered: boolean;
  /** The pair that is published, good when it was last judged. */
  readonly current?: LeafFacts;
  /** Why there is none. */
  readonly lacking?: Drift;
  /** What had become of a pair that was published here, until another one is. */
  readonly drift?: Drift;
  /** The current pair must be replaced or published again before its time. */
  readonly outdated?: Cause;
  /** Not before this; absent: at once. */
  readonly replaceAt?: EpochMillis;
  /** An operator asked for a new one. */
  readonly renewalAsked: boolean;
  /** … whatever stands against it: until the dependents know the new one, a pause, the budget and the windows do not count. */
  readonly force: boolean;
  /** An operator wants nothing issued, published or reloaded until then. */
  readonly pausedUntil?: EpochMillis;
  readonly reloadOwed: boolean;
  readonly proofOwed?: ProofOwed;
  /** Proofs that failed for the current pair: the next reload goes this far up the steps of `escalate`. */
  readonly proofFailures: number;
  /** When the leaf ends that dependents were last told about; absent: nobody knows. */
  readonly servedUntil?: EpochMillis;
  /** When the leaf ends that a probe has seen instead of the one that was told; absent: none was, or it has gone. */
  readonly staleUntil?: EpochMillis;
  /** Why this process published the current pair; absent when an earlier one did. */
  readonly published?: Cause;
  /** What is going on right now. */
  readonly activity?: "rotation" | "reload";
  readonly rotationTrouble?: Trouble;
  readonly issuerTroubles: Readonly<Record<string, IssuerTrouble>>;
  readonly reloadTrouble?: Trouble;
  /** The pair that is kept back for an outage. */
  readonly reserve?: LeafFacts;
  readonly reserveTrouble?: Trouble;
  /** The certificate before, which is to be revoked once the current one is proved to be live. */
  readonly superseded?: Superseded;
  readonly revokeTrouble?: Trouble;
  /** The generation whose end has been dealt with. */
  readonly expired?: string;
  readonly expiryTrouble?: Trouble;
  readonly surviveUnmet: boolean;
  readonly lastIssue?: EpochMillis;
  readonly lastStore?: EpochMillis;
  readonly lastReload?: EpochMillis;
  readonly lastConfirm?: EpochMillis;
  /** Certificates published since this process began, for the page and the tests. */
  readonly rotations: number;
}

export const INITIAL_STATE: ServiceState = {
  recovered: false,
  renewalAsked: false,
  force: false,
  reloadOwed: false,
  proofFailures: 0,
  issuerTroubles: {},
  surviveUnmet: false,
  rotations: 0,
};

/** An issuer answers for these stages; a spent budget and a program that is told to stop are not its fault. */
export function isOfTheIssuer({ stage, reason }: Pick<Trouble, "stage" | "reason">): boolean {
  if (stage !== "issue" && stage !== "verify") return false;
  return reason !== "budget_exhausted" && reason !== "internal" && reason !== "cancelled";
}

/** When the leaf ends that dependents use, as far as is known. */
export function inUseUntil({ servedUntil, staleUntil }: ServiceState): EpochMillis | undefined {
  if (servedUntil === undefined || staleUntil === undefined) return servedUntil ?? staleUntil;
  return Math.min(servedUntil, staleUntil);
}

/** A pause ends with its time, whether or not that has been said. */
export function isPaused(state: ServiceState, now: EpochMillis): state is ServiceState & { pausedUntil: EpochMillis } {
  return state.pausedUntil !== undefined && state.pausedUntil > now;
}
