import { hash } from "node:crypto";
import { type EpochMillis, HOUR, MINUTE, type Millis, SECOND } from "./units.ts";

/** Renewal is due after two thirds of the lifetime unless the operator names another point. */
export const DEFAULT_RENEW_AT = 2 / 3;

/** Where neither the configuration nor a certificate tells the lifetime: short, so that the budget errs on the generous side. */
export const DEFAULT_TTL_GUESS: Millis = HOUR;

/** Jitter takes away less than this part of the lifetime. */
const JITTER_SPAN = 0.1;

/**
 * Spreads a fleet without chance: a number in [0, 0.10) that depends on the service and on the serial it holds, so
 * that it is the same after a restart and another one for the next certificate.
 */
export function jitter(service: string, serial: string): number {
  return fraction(`${service}\0${serial}`) * JITTER_SPAN;
}

/** A hash of the text as a number in [0, 1), evenly spread. */
export function fraction(text: string): number {
  return hash("sha256", text, "buffer").readUIntBE(0, 6) / 2 ** 48;
}

export interface Lifetime {
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly receivedAt: EpochMillis;
}

/** How often the issuer is asked whether it has taken a certificate back: a twentieth of its life, 30 s to 15 min. */
export function lookForRevocation({ notBefore, notAfter, receivedAt }: Lifetime): Millis {
  const length = notAfter - Math.max(notBefore, receivedAt);
  return Math.min(Math.max(length / 20, 30 * SECOND), 15 * MINUTE);
}

export interface Plan {
  /** The part of the lifetime after which renewal is due. */
  readonly renewAt: number;
  /** The outage that must be outlived. */
  readonly survive?: Millis;
  /** How far our clock and the server's are apart, either way. */
  readonly skew?: Millis;
  /** In [0, 0.10), see `jitter`. */
  readonly jitter: number;
}

/** Between the end of the longest outage and the end of the pair: time to issue, reload and prove. */
export function renewalMargin(length: Millis, skew: Millis = 0): Millis {
  return Math.min(Math.max(length / 20, SECOND), 10 * MINUTE) + 2 * Math.abs(skew);
}

/**
 * The shortest lifetime with which a service outlives an outage of this length at any point of its life: what is asked
 * for and the margin must fit between renewal, which jitter and the floor of a quarter hold back, and the end.
 */
export function ttlToSurvive(survive: Millis): Millis {
  const withLongestMargin = (survive + 10 * MINUTE) / SURVIVABLE;
  return Math.ceil(Math.min(withLongestMargin, survive / (SURVIVABLE - 1 / 20)) / SECOND) * SECOND;
}

/** The part of a lifetime that is left for an outage: 1, less the floor of a quarter, less the span of jitter. */
const SURVIVABLE = 0.65;

/** The points from which the moment of renewal is chosen; none of them is rounded. */
export interface RenewalPoints {
  /** The part of the life after which the plan renews, less the jitter. */
  readonly byLife: EpochMillis;
  /** What leaves room for the outage that is to be outlived and the margin, less the jitter. */
  readonly bySurvive: EpochMillis;
  /** A quarter of the life: never before. */
  readonly floor: EpochMillis;
  readonly margin: Millis;
}

/** The lifetime counts from when the certificate arrived, not from its notBefore: see `firstDue`. */
export function renewalPoints(lifetime: Lifetime, plan: Plan): RenewalPoints {
  const start = Math.max(lifetime.notBefore, lifetime.receivedAt);
  const length = lifetime.notAfter - start;
  const margin = renewalMargin(length, plan.skew);
  return {
    byLife: start + length * (plan.renewAt - plan.jitter),
    bySurvive: lifetime.notAfter - (plan.survive ?? 0) - margin - plan.jitter * length,
    floor: start + length / 4,
    margin,
  };
}

/**
 * When renewal is due. The lifetime counts from when the certificate arrived, not from its notBefore: Vault dates
 * that back by 30 s, which of a 10 s certificate would leave nothing. Never before a quarter of the lifetime is over:
 * a plan that asks for more cannot be had with this TTL, and `floored` says so.
 */
export function firstDue(lifetime: Lifetime, plan: Plan): { readonly due: EpochMillis; readonly floored: boolean } {
  const { byLife, bySurvive, floor } = renewalPoints(lifetime, plan);
  const wanted = Math.min(byLife, bySurvive);
  return { due: Math.round(Math.max(wanted, floor)), floored: wanted < floor };
}
