import type { Reason } from "./errors.ts";
import { fraction } from "./schedule.ts";
import { HOUR, MINUTE, type Millis, SECOND } from "./units.ts";

/** Before the first doubling. */
const BASE: Millis = SECOND;
/** No retry is faster than this, however little life is left: a fleet must not hammer a server that is coming back. */
const FASTEST: Millis = 0.5 * SECOND;
/** Nor, where repeating heals nothing, than this. */
const FASTEST_SLOW: Millis = 5 * SECOND;
/** Where no valid pair is left there is no remaining life to take a part of. */
const CAP_WITHOUT_PAIR: Millis = 30 * SECOND;
/** A look at the disk asks no issuer. */
const CAP_OF_A_LOOK: Millis = 5 * SECOND;
/** A server that asks for more patience than this is not believed. */
const LONGEST_RETRY_AFTER: Millis = HOUR;

/**
 * Refusals that no repetition heals: somebody has to change a role, a policy or the configuration. They are retried at
 * the slow end of the range.
 */
const SLOW: ReadonlySet<Reason> = new Set<Reason>([
  "permission_denied",
  "mount_missing",
  "role_missing",
  "issuer_missing",
  "key_denied",
  "name_denied",
  "request_denied",
  "login_denied",
  "wrap_consumed",
  "wrap_mismatch",
  "no_trust",
  "key_mismatch",
  "chain_broken",
  "chain_untrusted",
  "name_missing",
  "name_extra",
  "usage_wrong",
  "weak_signature",
  "serial_reused",
  "target_foreign",
  "dependent_refused",
]);

/**
 * The issuer has nothing better to give, and each try costs a certificate: however little life is left, and however
 * much, a few more tries are enough.
 */
const NOTHING_BETTER: ReadonlySet<Reason> = new Set<Reason>([
  "no_gain",
  "lifetime_short",
  "expired",
  "not_yet_valid",
  "ca_invalid",
]);

/** The disk says no, before or after the issuer was asked; what it gave is kept. */
const OF_THE_DISK: ReadonlySet<Reason> = new Set<Reason>(["disk_full", "io_error", "target_missing", "target_denied"]);

export interface Failure {
  readonly reason: Reason;
  /** Failures in a row, this one included: 1 for the first. */
  readonly count: number;
  /** From `Retry-After`. */
  readonly retryAfter?: Millis | undefined;
}

/**
 * The longest wait before the next try, for a pair with this much life left: 5 % of it, at most 5 min and at least 1 s,
 * so that a certificate sees many tries before it ends, whatever its TTL, and its last seconds no storm.
 */
export function retryCap(remaining: Millis): Millis {
  if (remaining <= 0) return CAP_WITHOUT_PAIR;
  return Math.min(5 * MINUTE, Math.max(2 * FASTEST, 0.05 * remaining));
}

/**
 * How long to wait before the next try: exponential with full jitter under `retryCap`. After a quota (429) and after a
 * refusal at least half of the range; `Retry-After` is honoured even beyond the cap. Where the issuer has nothing better
 * to give, a minute at least and 5 to 10 % of the remaining life.
 *
 * `chance` is a number in [0, 1); the caller derives it from the service, so that runs can be repeated.
 */
export function retryDelay(failure: Failure, remaining: Millis, chance: number): Millis {
  if (NOTHING_BETTER.has(failure.reason)) return Math.round(Math.max(MINUTE, (remaining / 20) * (1 + chance)));
  const slow = SLOW.has(failure.reason);
  const look = remaining <= 0 && OF_THE_DISK.has(failure.reason) ? CAP_OF_A_LOOK : Number.POSITIVE_INFINITY;
  const cap = Math.min(look, Math.max(retryCap(remaining), slow ? 2 * FASTEST_SLOW : 0));
  const range = slow ? cap : Math.min(cap, BASE * 2 ** (failure.count - 1));
  const least = slow || failure.reason === "quota" ? range / 2 : FASTEST;
  const delay = least + (range - least) * chance;
  return Math.round(Math.max(delay, Math.min(failure.retryAfter ?? 0, LONGEST_RETRY_AFTER)));
}

/** Whose luck it is: see `chanceOf`. */
export interface Try {
  /** What is tried, such as `rotation`. */
  readonly what: string;
  /** Of this leafd: what its services do is spread otherwise than what those of another do. */
  readonly seed: string;
  readonly service: string;
  /** Of the leaf that is published; empty while there is none. */
  readonly serial: string;
  /** Failures in a row, this one included. */
  readonly count: number;
}

/** The luck of one try, in [0, 1): its own for each service, instance and count, the same when a run is repeated. */
export function chanceOf({ what, seed, service, serial, count }: Try): number {
  return fraction([what, seed, service, serial, count].join("\0"));
}

/** Reloads are retried on their own: from 1 s, doubling, at most a minute. */
export function reloadRetryDelay(count: number, chance: number): Millis {
  const range = Math.min(MINUTE, BASE * 2 ** (count - 1));
  return Math.round(range / 2 + (range / 2) * chance);
}
