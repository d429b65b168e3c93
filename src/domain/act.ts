import type { Cause } from "./events.ts";
import type { EpochMillis } from "./units.ts";

/** Something to do about one service. */
export type Act =
  /** Read what is on disk. */
  | { readonly kind: "recover" }
  /** Ask this issuer for a new certificate. */
  | { readonly kind: "issue"; readonly cause: Cause; readonly issuer: string }
  /** Publish the same pair again. */
  | { readonly kind: "republish"; readonly cause: Cause }
  /** Publish the pair that was kept back. */
  | { readonly kind: "use_reserve" }
  /** Tell the dependents. */
  | { readonly kind: "reload" }
  /** Look whether the dependents serve the published pair. */
  | { readonly kind: "confirm" }
  /** Have a pair issued that is kept back. */
  | { readonly kind: "reserve" }
  /** Revoke the certificate before. */
  | { readonly kind: "revoke" }
  /** The pair has ended: what the operator wants then. */
  | { readonly kind: "expire" };

/** What to do next; before `until` nothing, and then `next`. */
export type Decision = Act | { readonly kind: "wait"; readonly until: EpochMillis; readonly next: Act["kind"] };
