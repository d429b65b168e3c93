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
  const rest = {
    ...state,
    issuerTroubles: right.length === issuers.length ? state.issuerTroubles : Object.fromEntries(right),
    ...(proofOwed !== undefined && proofOwed.since > now && { proofOwed: { ...proofOwed, nextAt: now } }),
    ...(lastConfirm !== undefined && lastConfirm > now && { lastConfirm: 0 }),
  };
  for (const name of wrong) delete rest[name];
  return rest;
}
