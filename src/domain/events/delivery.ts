import type { Reason } from "../errors.ts";
import type { EpochMillis, Millis } from "../units.ts";
import type { Failed, OfService } from "./base.ts";

/** How a dependent is told; `probe` is how it is seen that it listened. */
export type ReloadMethod = "signal" | "exec" | "systemd" | "http" | "touch";

/** Between the publication of a pair and the proof that its dependents serve it. */
export type DeliveryEvent =
  | (OfService & { readonly kind: "reload_started"; readonly method: ReloadMethod; readonly target: string })
  | (OfService & {
      readonly kind: "reloaded";
      readonly method: ReloadMethod;
      readonly target: string;
      readonly took: Millis;
      readonly detail: string;
    })
  | (OfService & Failed & { readonly kind: "reload_failed"; readonly method: ReloadMethod; readonly target: string })
  | (OfService & {
      readonly kind: "delivered";
      readonly generation: string;
      readonly serial: string;
      /** A probe has yet to see it served. */
      readonly proofOwed?: true;
    })
  /** Every endpoint serves the published leaf. */
  | (OfService & {
      readonly kind: "confirmed";
      readonly generation: string;
      readonly serial: string;
      /** Since the dependents were told. */
      readonly took: Millis;
      readonly endpoints: number;
    })
  /** A later look found it served still. */
  | (OfService & { readonly kind: "still_live"; readonly generation: string })
  /** Not yet: an old worker may still answer, or nothing can be seen. */
  | (OfService & {
      readonly kind: "proof_pending";
      readonly outcome: ProofOutcome;
      readonly reason: Reason;
      readonly message: string;
      readonly nextAt: EpochMillis;
    })
  /** It was told and serves another leaf (`not_live`: the reload is owed again), or cannot be seen (`unknown`). */
  | (OfService &
      Failed & {
        readonly kind: "proof_failed";
        readonly outcome: ProofOutcome;
        /** When the leaf ends that is served instead: the first of them, where endpoints differ. */
        readonly servedUntil?: EpochMillis;
      })
  /** The proof failed before, so the next step of `escalate` was carried out. */
  | (OfService & {
      readonly kind: "escalated";
      readonly method: ReloadMethod;
      readonly target: string;
      readonly step: number;
    })
  /** The dependent refuses the new pair and takes the one before. */
  | (OfService & {
      readonly kind: "rolled_back";
      readonly from: string;
      readonly to: string;
      readonly reason: Reason;
      readonly message: string;
    })
  /** Reloading outside of the maintenance windows, because the pair in use would end before the next one opens. */
  | (OfService & { readonly kind: "window_yielded"; readonly opensAt: EpochMillis; readonly servedUntil?: EpochMillis })
  | (OfService & { readonly kind: "revoked"; readonly issuer: string; readonly serial: string })
  | (OfService &
      Failed & {
        readonly kind: "revoke_failed";
        readonly issuer: string;
        readonly serial: string;
        /** It cannot be done, and is not tried again. */
        readonly final?: true;
      });

export type ProofOutcome = "not_live" | "unknown";
