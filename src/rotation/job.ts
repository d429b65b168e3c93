import type { Certificate } from "../domain/certificate.ts";
import type { Outcome } from "../domain/circuit.ts";
import type { Reason } from "../domain/errors.ts";
import type { Cause, Said, Stage } from "../domain/events.ts";
import type { RungName } from "../domain/manifest.ts";
import type { Secret } from "../domain/secret.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import type { ServiceState } from "../domain/state.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import type { Clock, Issuer, Keys, Ledger, Probe, Reloader, SharedTrust, Store, Trust, Windows } from "./ports.ts";

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

/** The world, as all services share it. */
export type SharedPorts = Omit<Ports, "trust"> & { readonly trust: SharedTrust };

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

/** Work on one service: what is wanted of it, what is known of it, and where news of it goes. */
export interface Work {
  readonly spec: ServiceSpec;
  /** All that may have signed for it: its own issuers in the order of preference, then the reserve's. */
  readonly issuers: readonly Issuer[];
  /** Whose roots belong into the trust bundle. */
  readonly authorities: readonly Issuer[];
  readonly ports: Ports;
  /** As it was when the work began. */
  readonly state: ServiceState;
  /** As it is by now, with what the work itself has said. */
  readonly latest: () => ServiceState;
  /** Hands an event to the state, the log and the metrics. */
  readonly say: (event: Said) => void;
  /** The luck of the try with this number, in [0, 1): see `chanceOf`. */
  readonly chance: (what: string, count: number) => number;
  /** What stands against the first issuer, as far as is known: why a pair comes from another one. */
  readonly why?: Reason;
}

/** Work that has one issuer sign, or publishes what is kept of it. */
export interface Job extends Work {
  readonly cause: Cause;
  /** Who is asked. */
  readonly issuer: Issuer;
  /** Where it stands on the ladder. */
  readonly rung: RungName;
  /** What the issuer said, for its circuit. */
  readonly report: (outcome: Outcome) => void;
  /** Certificates that the service may cost in an hour. */
  readonly budget: number;
  readonly carry: Carry;
  /** The part of the work that is under way: where a failure is said to have happened. */
  stage: Stage;
}

/** What outlives one job, and not the process. */
export interface Carry {
  /** A certificate that was proved and could not be stored: the next try stores it and asks for no other. */
  unpublished: Signed | undefined;
}
