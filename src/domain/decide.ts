import type { Cause } from "./events.ts";
import type { ServiceState } from "./state.ts";
import type { EpochMillis } from "./units.ts";

/** What to do next about one service. */
export type Decision =
  /** Read what is on disk. */
  | { readonly kind: "recover" }
  /** Ask for a new certificate. */
  | { readonly kind: "issue"; readonly cause: Cause }
  /** Publish the same pair again. */
  | { readonly kind: "republish"; readonly cause: Cause }
  /** Tell the dependents. */
  | { readonly kind: "reload" }
  /** Nothing before `until`; `next` is what will be due then. */
  | { readonly kind: "wait"; readonly until: EpochMillis; readonly next: "recover" | "issue" | "republish" | "reload" };

/** Causes for which the pair that is there serves, in another form or with another bundle. */
const SAME_PAIR: ReadonlySet<Cause> = new Set<Cause>(["delivery_changed", "trust_changed"]);

/**
 * The rules, in order. The state alone decides; carrying a decision out gives events, and those the next state.
 *
 * 1. A dependent that was never told comes before anything that needs the issuer: it costs nothing. Once a reload has
 *    failed it takes its turn behind the rotation, so that a broken hook cannot stop renewals.
 * 2. A reason to have a new certificate now beats publishing the old one again.
 * 3. Trouble delays, and what is not in trouble goes on meanwhile.
 */
export function decide(state: ServiceState, now: EpochMillis): Decision {
  if (!state.recovered) {
    const until = state.rotationTrouble?.retryAt ?? now;
    return until <= now ? { kind: "recover" } : { kind: "wait", until, next: "recover" };
  }
  if (state.reloadOwed && state.reloadTrouble === undefined) return { kind: "reload" };

  const wanted = wantedRotation(state);
  const rotationAt = Math.max(wanted.at, state.rotationTrouble?.retryAt ?? wanted.at);
  if (rotationAt <= now) return { kind: wanted.kind, cause: wanted.cause };

  const reloadAt = state.reloadOwed ? (state.reloadTrouble?.retryAt ?? now) : Number.POSITIVE_INFINITY;
  if (reloadAt <= now) return { kind: "reload" };
  return reloadAt < rotationAt
    ? { kind: "wait", until: reloadAt, next: "reload" }
    : { kind: "wait", until: rotationAt, next: wanted.kind };
}

interface Wanted {
  readonly kind: "issue" | "republish";
  readonly cause: Cause;
  readonly at: EpochMillis;
}

function wantedRotation(state: ServiceState): Wanted {
  const { current, outdated } = state;
  const rightAway = Number.NEGATIVE_INFINITY;
  if (current === undefined) return { kind: "issue", cause: state.lacking ?? "missing", at: rightAway };
  if (state.forced) return { kind: "issue", cause: "forced", at: rightAway };
  if (outdated !== undefined) {
    const at = Math.min(state.replaceAt ?? rightAway, current.due);
    return { kind: SAME_PAIR.has(outdated) ? "republish" : "issue", cause: outdated, at };
  }
  return { kind: "issue", cause: "renewal_due", at: current.due };
}
