import type { RotationEvent } from "../domain/events.ts";
import { type EpochMillis, MINUTE, type Millis } from "../domain/units.ts";

/*
 * A failure that comes again and again says nothing new. It is written the first time, the second, the fourth, the
 * eighth and so on, and in any case once its last line is a quarter of an hour old. What fails in another way, and what
 * fails after a recovery, is a first time. All that is no failure is always written; metrics count everything.
 */

/** For an event its number of lines that were left out before it, or undefined when it is left out itself. */
export type Sample = (event: RotationEvent) => number | undefined;

/** No failure that goes on is silent for longer than this and the pause between two tries. */
const LONGEST_SILENCE: Millis = 15 * MINUTE;
/** Failures of one service, cluster or subject that are told apart; the oldest is forgotten first. */
const MOST_FAILURES = 100;

/** A failure that goes on. */
interface Streak {
  /** How it fails: another reason is another failure. */
  readonly manner: string;
  readonly count: number;
  readonly leftOut: number;
  readonly writtenAt: EpochMillis;
}

/** Remembers what failed last, and in which way. */
export function createSampling(): Sample {
  /** By whom it concerns, then by what fails there. */
  const streaks = new Map<string, Map<string, Streak>>();
  return (event) => {
    const failed = ask(FAILURES, event.kind, event);
    if (failed === undefined) return endStreaks(streaks, event);
    const ofOwner = streaks.get(failed.owner) ?? new Map<string, Streak>();
    streaks.set(failed.owner, ofOwner);
    const before = ofOwner.get(failed.what);
    const isSame = before?.manner === failed.manner;
    const count = isSame ? before.count + 1 : 1;
    const { leftOut = 0, writtenAt = event.at } = before ?? {};
    const isWritten = !isSame || isPowerOfTwo(count) || event.at - writtenAt >= LONGEST_SILENCE;
    const streak = isWritten
      ? { manner: failed.manner, count, leftOut: 0, writtenAt: event.at }
      : { manner: failed.manner, count, leftOut: leftOut + 1, writtenAt };
    ofOwner.delete(failed.what); // So that the one that failed last is remembered longest.
    ofOwner.set(failed.what, streak);
    forgetOldest(ofOwner);
    return isWritten ? leftOut : undefined;
  };
}

interface Failure {
  /** The service, cluster or subject that it concerns. */
  readonly owner: string;
  /** What fails there; only the same thing can fail again. */
  readonly what: string;
  readonly manner: string;
}

type Kind = RotationEvent["kind"];
type EventByKind = { readonly [K in Kind]: Extract<RotationEvent, { readonly kind: K }> };
type Table<Value> = { readonly [K in Kind]?: (event: EventByKind[K]) => Value };

/** Failures of what is tried again and again by itself; the end of a certificate happens once and is none of them. */
const FAILURES: Table<Failure> = {
  // By issuer: a service may ask several in turn.
  rotation_failed: ({ service, kind, issuer, stage, reason }) =>
    failure(ofService(service), `${kind} ${issuer}`, `${stage} ${reason}`),
  reload_failed: ({ service, kind, target, reason }) => failure(ofService(service), `${kind} ${target}`, reason),
  proof_failed: ({ service, kind, outcome, reason }) => failure(ofService(service), kind, `${outcome} ${reason}`),
  revoke_failed: ({ service, kind, serial, reason }) => failure(ofService(service), `${kind} ${serial}`, reason),
  reserve_failed: ({ service, kind, reason }) => failure(ofService(service), kind, reason),
  expiry_failed: ({ service, kind, reason }) => failure(ofService(service), kind, reason),
  login_failed: ({ cluster, kind, reason }) => failure(ofCluster(cluster), kind, reason),
  warning: ({ subject, message, reason }) => failure(`subject ${subject}`, message, reason),
};

function failure(owner: string, what: string, manner: string): Failure {
  return { owner, what, manner };
}

function ofService(name: string): string {
  return `service ${name}`;
}

function ofCluster(name: string): string {
  return `cluster ${name}`;
}

/** What is over with this event; answers how many of its lines were left out since the last one. */
function endStreaks(streaks: ReadonlyMap<string, Map<string, Streak>>, event: RotationEvent): number {
  const ended = ask(RECOVERIES, event.kind, event);
  const ofOwner = ended === undefined ? undefined : streaks.get(ended.owner);
  if (ended === undefined || ofOwner === undefined) return 0;
  let leftOut = 0;
  for (const [what, streak] of ofOwner)
    if (isOver(what, ended)) {
      leftOut += streak.leftOut;
      ofOwner.delete(what);
    }
  return leftOut;
}

interface Ended {
  readonly owner: string;
  /** Absent: whatever failed there. */
  readonly what?: string;
}

const RECOVERIES: Table<Ended> = {
  published: ({ service }) => ({ owner: ofService(service) }),
  service_removed: ({ service }) => ({ owner: ofService(service) }),
  reserved: ({ service }) => ({ owner: ofService(service), what: "reserve_failed" }),
  reloaded: ({ service, target }) => ({ owner: ofService(service), what: `reload_failed ${target}` }),
  delivered: ({ service }) => ({ owner: ofService(service), what: "reload_failed" }),
  confirmed: ({ service }) => ({ owner: ofService(service), what: "proof_failed" }),
  still_live: ({ service }) => ({ owner: ofService(service), what: "proof_failed" }),
  revoked: ({ service, serial }) => ({ owner: ofService(service), what: `revoke_failed ${serial}` }),
  logged_in: ({ cluster }) => ({ owner: ofCluster(cluster), what: "login_failed" }),
};

function ask<Value, K extends Kind>(table: Table<Value>, kind: K, event: EventByKind[K]): Value | undefined {
  return table[kind]?.(event);
}

function isOver(what: string, ended: Ended): boolean {
  return ended.what === undefined || what === ended.what || what.startsWith(`${ended.what} `);
}

function forgetOldest(streaks: Map<string, Streak>): void {
  const [oldest] = streaks.keys();
  if (streaks.size > MOST_FAILURES && oldest !== undefined) streaks.delete(oldest);
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
