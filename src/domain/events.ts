import type { Reason } from "./errors.ts";
import type { Failed, OfService } from "./events/base.ts";
import type { DaemonEvent } from "./events/daemon.ts";
import type { DeliveryEvent } from "./events/delivery.ts";
import type { LadderEvent } from "./events/ladder.ts";
import type { LeafFacts } from "./leaf-facts.ts";
import type { EpochMillis, Millis } from "./units.ts";

/** Why a rotation, a re-publication or a reload happens. A closed set, as reasons are. */
export const CAUSES = [
  "missing", // nothing on disk
  "damaged", // what is on disk is not a good pair
  "renewal_due",
  "request_changed", // the configuration asks for another certificate
  "issuer_removed", // the issuer that signed the current leaf is no longer configured
  "forced", // an operator said so
  "revoked", // the issuer has taken the certificate back
  "delivery_changed", // same pair, other layout, modes or owner
  "trust_changed", // same pair, another trust bundle
  "reserve_used", // the reserve takes over: no issuer gave another one in time
  "rolled_back", // the dependent refused the new pair: the one before again
  "expired", // the pair has ended, and dependents are stopped or something is run
  "reload_owed", // an earlier run committed and did not reload
] as const;
export type Cause = (typeof CAUSES)[number];

/** The part of a rotation in which something happened. */
export const STAGES = ["preflight", "issue", "verify", "store", "reload", "confirm"] as const;
export type Stage = (typeof STAGES)[number];

/** What somebody else has done to a pair on disk. */
export const DRIFTS = ["missing", "damaged"] as const satisfies readonly Cause[];
export type Drift = (typeof DRIFTS)[number];

/** What happens to one service. `evolve` (evolve.ts) folds these into its state; nothing else changes it. */
export type ServiceEvent =
  | DeliveryEvent
  | LadderEvent
  | (OfService & {
      readonly kind: "recovered";
      readonly leaf: LeafFacts;
      readonly reloadOwed: boolean;
      /** No probe has seen it served yet, as far as this run knows. */
      readonly proofOwed?: true;
      /** When the leaf ends that dependents were last told about; absent: nobody knows. */
      readonly servedUntil?: EpochMillis;
      /** When that was; absent: nobody knows. */
      readonly toldAt?: EpochMillis;
      /** A certificate before it that was to be revoked, and perhaps was not. */
      readonly superseded?: Superseded;
      /** Why the pair must be replaced or published again although it is good. */
      readonly outdated?: Cause;
      /** A good pair that must be replaced may serve until then: many are not replaced at once. */
      readonly replaceAt?: EpochMillis;
    })
  /** Good, and yet worth an operator's attention. */
  | (OfService & { readonly kind: "pair_warning"; readonly message: string })
  | (OfService & { readonly kind: "leased_certificate"; readonly issuer: string; readonly message: string })
  | (OfService & { readonly kind: "outdated"; readonly cause: Cause })
  | (OfService & {
      readonly kind: "nothing_usable";
      readonly cause: Drift;
      readonly reason?: Reason;
      readonly message: string;
    })
  | (OfService & {
      readonly kind: "rotation_started";
      readonly cause: Cause;
      readonly issuer: string;
      readonly attempt: number;
    })
  | (OfService & {
      readonly kind: "issued";
      readonly issuer: string;
      readonly serial: string;
      readonly notAfter: EpochMillis;
      readonly took: Millis;
      readonly warnings: readonly string[];
    })
  | (OfService & {
      readonly kind: "ttl_clipped";
      readonly issuer: string;
      readonly asked: Millis;
      readonly got: Millis;
    })
  | (OfService & {
      readonly kind: "published";
      readonly cause: Cause;
      /** A pair was published here before, and had been deleted or changed behind our back. */
      readonly mends?: Drift;
      readonly leaf: LeafFacts;
      readonly reloadOwed: boolean;
      /** A probe has yet to see it served: the dependents look at the files by themselves. */
      readonly proofOwed?: true;
      /** The certificate before it, where it is to be revoked. */
      readonly superseded?: Superseded;
      readonly took: Millis;
    })
  | (OfService &
      Failed & {
        readonly kind: "rotation_failed";
        readonly cause: Cause;
        readonly stage: Stage;
        readonly issuer: string;
      })
  | (OfService & {
      readonly kind: "renewal_requested";
      readonly by: "operator";
      /** In spite of a pause, an open circuit, a spent budget and a window that is closed. */
      readonly force: boolean;
    })
  /** Also said when a pause of an earlier run goes on. */
  | (OfService & { readonly kind: "paused"; readonly until: EpochMillis })
  | (OfService & { readonly kind: "resumed"; readonly by: "operator" | "time" })
  | (OfService & { readonly kind: "service_changed"; readonly classes: readonly ChangeClass[] })
  /** The clock that the service goes by has been set: back, or to what it is by now believed to be. */
  | (OfService & { readonly kind: "clock_changed" })
  | (OfService & { readonly kind: "service_added" })
  | (OfService & { readonly kind: "service_removed" })
  | (OfService & { readonly kind: "leftovers_removed"; readonly count: number });

/** An event of a service as it is stated; who keeps the state adds the service and the time. */
export type Said = ServiceEvent extends infer E ? (E extends ServiceEvent ? Omit<E, "at" | "service"> : never) : never;

/** A certificate that was replaced and is to be revoked. */
export interface Superseded {
  readonly serial: string;
  readonly issuer: string;
  readonly notAfter: EpochMillis;
}

/** What a change of configuration touches; what it costs is said in docs/configuration.md. */
export type ChangeClass = "request" | "delivery" | "plan" | "reload";

/** The only output of the program: log, metrics, health, status and tests all read these. */
export type RotationEvent = ServiceEvent | DaemonEvent;
