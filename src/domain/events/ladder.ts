import type { Reason } from "../errors.ts";
import type { LeafFacts } from "../leaf-facts.ts";
import type { RungName } from "../manifest.ts";
import type { AtExpiry } from "../outage-spec.ts";
import type { EpochMillis, Millis } from "../units.ts";
import type { Failed, OfService } from "./base.ts";

/** What happens to a service on the ladder: see ladder.ts. */
export type LadderEvent =
  /** The pair comes from another rung than the one before. */
  | (OfService & {
      readonly kind: "rung_changed";
      readonly from: RungName;
      readonly to: RungName;
      readonly issuer: string;
      /** Of the failure that led there; absent on the way back. */
      readonly reason?: Reason;
    })
  /** A reserve is held: a new one, or the one that an earlier run left. */
  | (OfService & { readonly kind: "reserved"; readonly leaf: LeafFacts; readonly fresh: boolean })
  | (OfService & { readonly kind: "reserve_lost"; readonly reason: Reason; readonly message: string })
  | (OfService & Failed & { readonly kind: "reserve_failed"; readonly issuer: string })
  /** The TTL does not hold the outage that the configuration names: this is how long it would. */
  | (OfService & { readonly kind: "survive_unmet"; readonly survive: Millis; readonly possible: Millis })
  /** The pair has ended and there is no other. */
  | (OfService & {
      readonly kind: "expired";
      readonly generation: string;
      readonly notAfter: EpochMillis;
      readonly action: AtExpiry["kind"];
    })
  | (OfService & Failed & { readonly kind: "expiry_failed"; readonly action: AtExpiry["kind"] });
