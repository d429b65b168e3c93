import type { Certificate } from "../domain/certificate.ts";
import type { Outcome } from "../domain/circuit.ts";
import { type Reason, toLeafdError } from "../domain/errors.ts";
import type { Cause, Said, Stage } from "../domain/events.ts";
import type { RungName } from "../domain/manifest.ts";
import type { Secret } from "../domain/secret.ts";
import type { OutputSpec, ServiceSpec } from "../domain/spec.ts";
import type { ServiceState } from "../domain/state.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import type { Clock, Issuer, Keys, Ledger, Probe, Reloader, Store, Trust, Windows } from "./ports.ts";

/** The world, as a rotation sees it. */
export interface Ports {
  readonly clock: Clock;
  readonly keys: Keys;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly trust: Trust;
  readonly reloader: Reloader;
  readonly probe: Probe;
  readonly windows: Windows;
  /** How far the servers' clocks are ahead of ours, negative when they are behind; 0 while nobody knows. */
  readonly skew: () => Millis;
  /** Where pairs are kept that are not published: absolute, private to leafd. */
  readonly heldDirectory: string;
  /** Sets this instance's retries apart from those of others: any text that is its own. */
  readonly seed: string;
}

/** A certificate as the issuer gave it, with its key: nothing about it is proved yet. */
export interface Signed {
  readonly leaf: Certificate;
  readonly chain: readonly Certificate[];
  readonly privateKey: Secret<string>;
  readonly receivedAt: EpochMillis;
  /** A leased certificate is good until this at the latest. */
  readonly leaseEnds?: EpochMillis;
  readonly requestHash: string;
}

/** What outlives one piece of work, and not the process. */
export interface Carry {
  /** A certificate that was proved and could not be stored: the next try stores it and asks for no other. */
  unpublished: Signed | undefined;
  /** The generation that the dependent's own check has accepted. */
  accepted: string | undefined;
}

/** One piece of work on one service: what it is about, and where its results go. */
export interface Job {
  readonly spec: ServiceSpec;
  /** Who is asked. */
  readonly issuer: Issuer;
  /** Where it stands on the ladder. */
  readonly rung: RungName;
  /** All that may have signed for the service: its own in the order of preference, then the reserve's. */
  readonly issuers: readonly Issuer[];
  /** Whose roots belong into the trust bundle. */
  readonly authorities: readonly Issuer[];
  readonly ports: Ports;
  readonly cause: Cause;
  readonly state: ServiceState;
  /** What stands against the first issuer, as far as is known. */
  readonly why?: Reason;
  /** What the issuer said, for its circuit. */
  readonly report: (outcome: Outcome) => void;
  /** Hands an event to the state, the log and the metrics. */
  readonly say: (event: Said) => void;
  readonly carry: Carry;
  /** Certificates that the service may cost in an hour. */
  readonly budget: number;
  /** Replacements that a change of configuration asks for are spread over this time. */
  readonly pace: Millis;
  /** The output directory that the configuration had before. */
  readonly movedFrom?: OutputSpec;
  /** The part of the work that is under way: where a failure is said to have happened. */
  stage: Stage;
}

/** The fields that every failure event has, from whatever was thrown. */
export function failureOf(thrown: unknown) {
  const error = toLeafdError(thrown);
  const { reason, message, hint } = error;
  return { error, fields: { reason, message, ...(hint === undefined ? {} : { hint }) } };
}
