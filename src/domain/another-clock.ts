import type { Reason } from "./errors.ts";
import type { ServiceState } from "./state.ts";
import type { EpochMillis } from "./units.ts";

const TROUBLES = ["rotationTrouble", "reloadTrouble", "reserveTrouble", "revokeTrouble", "expiryTrouble"] as const;

/** Failures for which a certificate had ended, or had not begun: by the clock before. */
const OF_THE_CLOCK: ReadonlySet<Reason> = new Set(["expired", "not_yet_valid"]);

/**
 * The state when the clock has been set, to `now`. Nothing is waited for that was reckoned by the one before: what failed
 * because of it, or would have failed in the future, is forgotten; what was seen in the future was seen just now.
 */
export function byAnotherClock(state: ServiceState, now: EpochMillis): ServiceState {
  const isOver = ({ reason, at }: { readonly reason: Reason; readonly at: EpochMillis }) =>
    at > now || OF_THE_CLOCK.has(reason);
  const { proofOwed, lastConfirm } = state;
  const left = {
    ...state,
    issuerTroubles: Object.fromEntries(Object.entries(state.issuerTroubles).filter(([, failed]) => !isOver(failed))),
    ...(proofOwed !== undefined && proofOwed.since > now && { proofOwed: { ...proofOwed, since: now, nextAt: now } }),
    ...(lastConfirm !== undefined && { lastConfirm: Math.min(lastConfirm, now) }),
  };
  for (const name of TROUBLES) if (state[name] !== undefined && isOver(state[name])) delete left[name];
  return left;
}
