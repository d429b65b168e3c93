import { DEFAULT_TTL_GUESS } from "./schedule.ts";
import type { ServiceSpec } from "./spec.ts";
import type { ServiceState } from "./state.ts";
import { type EpochMillis, HOUR, type Millis, SECOND } from "./units.ts";

/*
 * The budget of a service: how many certificates it may cost in an hour. It is generous to what is planned, and ends what
 * no plan explains, such as a crash loop; so what was issued is kept on disk (store/ledger.ts).
 */

/** How many certificates the service may cost in an hour, as it is planned now. */
export function budgetOf(spec: ServiceSpec, { current }: ServiceState): number {
  const asked = (spec.request.ttl ?? DEFAULT_TTL_GUESS) * spec.renewAt;
  const interval =
    current === undefined ? asked : Math.min(asked, current.due - Math.max(current.notBefore, current.receivedAt));
  return issuanceBudget(interval);
}

/** How many certificates a service may cost in an hour, from the interval between its planned renewals. */
export function issuanceBudget(interval: Millis): number {
  return Math.ceil((2 * HOUR) / Math.max(interval, SECOND)) + 3;
}

/** When the next issuance is within the budget again, or undefined when it is now. `recent` is oldest first. */
export function budgetOpensAt(
  recent: readonly EpochMillis[],
  budget: number,
  now: EpochMillis,
): EpochMillis | undefined {
  const counted = recent.filter((at) => at > now - HOUR && at <= now);
  const oldest = counted[counted.length - budget];
  return oldest === undefined ? undefined : oldest + HOUR;
}
