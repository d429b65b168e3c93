import { type EpochMillis, MINUTE, type Millis } from "../../src/domain/units.ts";
import type { Excuses } from "./excuses.ts";
import type { ServicePlan } from "./plan.ts";
import type { Watched } from "./watched.ts";

/** The next issuer is asked when this part of the renewal window is over, … */
const FAILOVER_BURN = 0.25;
/** … or the one before it has been away for 10 min; two looks at it more. */
const FAILOVER_AFTER: Millis = 11 * MINUTE;

interface Window {
  readonly due: EpochMillis;
  readonly end: EpochMillis;
}

/** From when on an issuer can have been asked: all of them answer, or one does and its turn has come. */
export function helpFrom(excuses: Excuses, { issuers }: ServicePlan, { due, end }: Window): EpochMillis {
  const clear = issuers.map((issuer) => excuses.clearSince([`issuer ${issuer}`]));
  const turn = due + Math.max(0, FAILOVER_BURN * (end - due)) + FAILOVER_AFTER;
  return Math.min(Math.max(...clear), ...(issuers.length > 1 ? clear.map((since) => Math.max(since, turn)) : []));
}

/** A reserve that would serve has been there for some time. */
export function hasReserve({ plan, reserve }: Watched, end: EpochMillis, now: EpochMillis): boolean {
  const held = plan.reserve ? reserve.read() : undefined;
  if (held?.kind !== "pair") return false;
  const { at, notAfter } = held.issuance;
  return at < now - 10 * MINUTE && notAfter > Math.max(now + MINUTE, end);
}
