import type { ServiceState } from "./state.ts";
import type { EpochMillis } from "./units.ts";

const TROUBLES = ["rotationTrouble", "reloadTrouble", "reserveTrouble", "revokeTrouble", "expiryTrouble"] as const;

/**
 * What happened in the future tells that the clock was set back since, and then the waits that were reckoned from it mean
 * nothing: a failure is forgotten, a look at the dependents is due.
 */
export function withoutFutures(state: ServiceState, now: EpochMillis): ServiceState {
  const { proofOwed, lastConfirm } = state;
  const wrong = TROUBLES.filter((name) => (state[name]?.at ?? 0) > now);
  const issuers = Object.entries(state.issuerTroubles);
  const right = issuers.filter(([, { at }]) => at <= now);
  const isProofAhead = proofOwed !== undefined && proofOwed.since > now;
  const isConfirmAhead = lastConfirm !== undefined && lastConfirm > now;
  // Every decision asks this, and nearly always there is nothing.
  if (wrong.length === 0 && right.length === issuers.length && !isProofAhead && !isConfirmAhead) return state;
  const rest = {
    ...state,
    issuerTroubles: right.length === issuers.length ? state.issuerTroubles : Object.fromEntries(right),
    ...(isProofAhead && { proofOwed: { ...proofOwed, nextAt: now } }),
    ...(isConfirmAhead && { lastConfirm: 0 }),
  };
  for (const name of wrong) delete rest[name];
  return rest;
}
