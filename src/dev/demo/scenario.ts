import { MINUTE, type Millis, SECOND } from "../../domain/units.ts";

/** When what happens, counted from the moment all certificates are there. */
export interface Scenario {
  /** What the certificates are asked to live. */
  readonly ttl: Millis;
  readonly sealAt: Millis;
  readonly unsealAt: Millis;
}

/** The shortest demo: below it the certificates would be too short for a busy machine. */
export const SHORTEST: Millis = 30 * SECOND;

const LONGEST_TTL: Millis = MINUTE;
/** Starting a Vault and the first certificates. */
const PREPARATION: Millis = 4 * SECOND;
/** In lifetimes: two rotations are due by 4/3 at the latest, the rest is for the recovery to be seen. */
const LENGTH = 1.65;

/**
 * A scenario that fits into `total`, the whole run; without it, certificates of a minute.
 *
 * Renewal is due between 0.57 and 0.67 of a lifetime. So by 0.9 lifetimes every service has rotated once; the second
 * renewals, between 1.13 and 1.34, meet a sealed Vault; and at 1.38 it opens again, before 1.57, when the first of the
 * certificates would end. What lies between these numbers is for the slowness of the machine.
 */
export function scenarioFor(total?: Millis): Scenario {
  const lifetime = total === undefined ? LONGEST_TTL : (total - PREPARATION) / LENGTH;
  const ttl = Math.min(LONGEST_TTL, Math.floor(lifetime / SECOND) * SECOND);
  return { ttl, sealAt: Math.round(0.9 * ttl), unsealAt: Math.round(1.38 * ttl) };
}

/** What the Vault is like, and what is to be seen. */
export type Phase = "rotating" | "sealed" | "recovering";

interface Situation {
  /** Since the beginning of the scenario. */
  readonly elapsed: Millis;
  /** What the certificate with the nearest end has left. */
  readonly remaining: Millis;
}

/** On a machine that is too busy for the timetable the Vault opens before a certificate could end. */
const SAFETY: Millis = 4 * SECOND;

/** The phase that follows on the current one, which is itself when it is not over. */
export function nextPhase(phase: Phase, { sealAt, unsealAt }: Scenario, { elapsed, remaining }: Situation): Phase {
  if (phase === "rotating") return elapsed < sealAt ? "rotating" : "sealed";
  return phase === "sealed" && elapsed < unsealAt && remaining > SAFETY ? "sealed" : "recovering";
}
