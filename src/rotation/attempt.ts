import { retryDelay } from "../domain/backoff.ts";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Cause, Stage } from "../domain/events.ts";
import type { EpochMillis } from "../domain/units.ts";
import type { Job, Work } from "./job.ts";

/*
 * One try to get or to publish a pair. What goes wrong becomes an event with the time of the next try; only the abort of
 * the signal is thrown.
 */

/** Does it, and says how it went. */
export async function attempt(
  job: Job,
  work: (job: Job, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { cause, issuer, state, say } = job;
  say({ kind: "rotation_started", cause, issuer: issuer.name, attempt: (state.rotationTrouble?.failures ?? 0) + 1 });
  try {
    await work(job, signal);
    await sweep(job);
  } catch (thrown) {
    signal.throwIfAborted();
    rotationFailed(job, { cause, stage: job.stage, issuer: issuer.name }, thrown);
  }
}

interface Place {
  readonly cause: Cause;
  readonly stage: Stage;
  readonly issuer: string;
}

/** Says what keeps the service from its pair, and when that is tried again. */
export function rotationFailed(work: Work, place: Place, thrown: unknown): void {
  const { error, fields } = failureOf(thrown);
  const { rotationTrouble, issuerTroubles } = work.latest();
  const failures = (rotationTrouble?.failures ?? 0) + 1;
  const isOfTheIssuer = place.stage === "issue" || place.stage === "verify";
  const count = isOfTheIssuer ? (issuerTroubles[place.issuer]?.failures ?? 0) + 1 : failures;
  work.say({
    kind: "rotation_failed",
    ...place,
    ...fields,
    failures,
    retryAt: retryAt(work, error, ["rotation", count]),
  });
}

/** The fields that every failure event has, from whatever was thrown. */
export function failureOf(thrown: unknown) {
  const error = toLeafdError(thrown);
  const { reason, message, hint } = error;
  return { error, fields: { reason, message, ...(hint === undefined ? {} : { hint }) } };
}

/** When something is tried again that has failed as often as `count` says: the less life the pair has left, the sooner. */
export function retryAt(
  { ports, latest, chance }: Work,
  { reason, retryAfter }: LeafdError,
  [what, count]: readonly [what: string, count: number],
): EpochMillis {
  const now = ports.clock.now();
  const remaining = (latest().current?.notAfter ?? now) - now;
  return now + retryDelay({ reason, count, retryAfter }, remaining, chance(what, count));
}

/** Old generations that stay are a matter of space: what is published is published. */
export async function sweep({ ports, spec, say }: Work): Promise<void> {
  try {
    const count = await ports.store.sweep(spec.output);
    if (count > 0) say({ kind: "leftovers_removed", count });
  } catch (thrown) {
    say({ kind: "pair_warning", message: `old generations stay: ${toLeafdError(thrown).message}` });
  }
}
