import type { Act } from "./act.ts";
import { type Circuit, looksWell } from "./circuit.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import type { Reason } from "./errors.ts";
import type { Stage } from "./events.ts";
import type { RungName } from "./manifest.ts";
import type { Rung } from "./rungs.ts";
import type { Names } from "./spec.ts";
import { type EpochMillis, formatDuration, formatTime, MINUTE, type Millis } from "./units.ts";

/*
 * What leafd says about itself, in one shape: the control socket, the status page, the health checks and the metrics
 * all read it. `daemon.ts` builds it afresh from its state each time somebody asks.
 */

/** How a service stands, worst first. */
export const STANDINGS = [
  "expired", // the pair on disk has ended
  "missing", // there is no usable pair
  "pending", // not looked at yet: leafd is starting
  "not_live", // its dependents were told, and serve another certificate
  "reload_owed", // a good pair is published, and its dependents have not been told
  "retrying", // a good pair; the last attempt to replace it failed, or there is nobody to ask
  "due", // a good pair whose renewal has come due or is under way
  "ok",
] as const;
export type Standing = (typeof STANDINGS)[number];

/** What leafd does next for a service: see decide.ts. */
export type NextAction = Act["kind"];

export interface ServiceStatus {
  readonly name: string;
  /** Readiness waits for it. */
  readonly required: boolean;
  readonly state: Standing;
  /** Of the last failure, as long as it has not been made good; or why its issuers are away, when it wants one of them. */
  readonly reason?: Reason;
  readonly message?: string;
  /** The part of the work in which it happened, and when. */
  readonly failedStage?: Stage;
  readonly failedAt?: EpochMillis;
  /** An operator has paused it: nothing is issued, published or reloaded before. */
  readonly pausedUntil?: EpochMillis;
  readonly nextAction: NextAction;
  /** When; in the past or now: it is under way or waits for its turn. */
  readonly nextAt: EpochMillis;
  /** Of the leaf on disk: lower-case hex, absent when there is none. */
  readonly serial?: string;
  /** Where the pair on disk came from. */
  readonly rung?: RungName;
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint?: string;
  /** The names the configuration asks for. */
  readonly names: Names;
  /** The configured name of the issuer that signed the leaf on disk; without one, of the issuer that leafd asks. */
  readonly issuer: string;
  readonly notBefore?: EpochMillis;
  readonly notAfter?: EpochMillis;
  /** When renewal of the leaf on disk first came due, or will. */
  readonly due?: EpochMillis;
  readonly generation?: string;
  /** False: a reload is owed. */
  readonly delivered: boolean;
  /** A probe has seen every endpoint serve the leaf on disk; absent: there is no probe. */
  readonly live?: boolean;
  /**
   * The dependents are known to serve the pair on disk: a probe has seen it or, without one, a reload has told them.
   * False: they are known not to, since a reload is owed or a probe has seen another certificate. Absent: nobody can tell,
   * or cannot tell yet.
   */
  readonly served?: boolean;
  /** When the certificate ends that dependents use, while that is known to be another one than the one on disk. */
  readonly usedUntil?: EpochMillis;
  /** When the reserve ends that is held for an outage; absent: none is. */
  readonly reserveNotAfter?: EpochMillis;
  /** What holds while a new certificate cannot be had, in its order. */
  readonly ladder: readonly Rung[];
  /** The certificate's life does not hold the outage that the configuration names. */
  readonly surviveUnmet?: true;
  /** It has cost as many certificates within an hour as it may: no issuer is asked until the next one is in the budget. */
  readonly budgetSpent?: true;
  /** Consecutive failures, of whatever stage; 0 after a success. */
  readonly failures: number;
  readonly lastSuccess: {
    readonly issue?: EpochMillis;
    readonly store?: EpochMillis;
    readonly reload?: EpochMillis;
    readonly confirm?: EpochMillis;
  };
}

export interface IssuerStatus {
  readonly name: string;
  readonly cluster: string;
  /** `open`: away, only its health is asked for; `half_open`: one service tries it. */
  readonly circuit: Circuit["kind"];
  /** Half open, with a good health, and no service has needed it since: see `looksWell`. */
  readonly looksWell?: true;
  /** Since when it has been away, and why. */
  readonly since?: EpochMillis;
  readonly reason?: Reason;
  /** When its health is looked at next. */
  readonly probeAt?: EpochMillis;
  /** When the first CA ends in the chain of the newest leaf from it; absent: none has been seen. */
  readonly caNotAfter?: EpochMillis;
}

export interface ClockStatus {
  /** The wall clock is not believed: the time goes on by the monotonic clock. */
  readonly doubted: boolean;
  /** How far the server's clock is ahead of the wall clock; absent: none has said its time. */
  readonly skew?: Millis;
}

export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: EpochMillis;
  readonly configHash: string;
  readonly configLoadedAt: EpochMillis;
  /** The last configuration was refused, and the one before it is in force. */
  readonly configError?: { readonly at: EpochMillis; readonly message: string };
  /** Absent: the clock is not watched. */
  readonly clock?: ClockStatus;
  /** Of the scheduler; absent: this one has none, since it works each service once. */
  readonly lastTick?: EpochMillis;
  /** The longest that it was late within the last minute or two. */
  readonly schedulerLag?: Millis;
  /** When the first certificate of a published trust bundle ends; absent: none is published. */
  readonly trustNotAfter?: EpochMillis;
  readonly clusters: readonly ClusterStatus[];
  readonly issuers: readonly IssuerStatus[];
  readonly services: readonly ServiceStatus[];
}

/** What there is to say about an issuer. */
export function issuerStatus(
  issuer: Pick<IssuerStatus, "name" | "cluster" | "caNotAfter">,
  circuit: Circuit,
): IssuerStatus {
  if (circuit.kind === "closed") return { ...issuer, circuit: circuit.kind };
  const { kind, since, reason, probeAt } = circuit;
  return { ...issuer, circuit: kind, ...(looksWell(circuit) && { looksWell: true }), since, reason, probeAt };
}

/** What `standing` judges by. */
interface ServiceFacts {
  /** The output directory has been read. */
  readonly inspected: boolean;
  readonly notAfter?: EpochMillis;
  readonly due?: EpochMillis;
  readonly delivered: boolean;
  /** Proofs that failed for the pair on disk. */
  readonly proofFailures?: number;
  readonly failures: number;
  /** It wants a certificate, and its issuers are away. */
  readonly keptWaiting?: boolean;
}

/** The one word that matters most now. A pair that has ended is `expired` whatever else is true of it. */
export function standing(facts: ServiceFacts, now: EpochMillis): Standing {
  if (!facts.inspected) return "pending";
  if (facts.notAfter === undefined) return "missing";
  if (facts.notAfter <= now) return "expired";
  if ((facts.proofFailures ?? 0) > 0) return "not_live";
  if (!facts.delivered) return "reload_owed";
  if (facts.failures > 0 || facts.keptWaiting === true) return "retrying";
  return facts.due !== undefined && facts.due <= now ? "due" : "ok";
}

/** A server whose clock is ahead of ours by up to this much has issued a valid leaf all the same. */
const ALLOWED_SKEW = MINUTE;

/** True when the service has a pair on disk that is in force: neither ended nor yet to begin. */
export function hasValidPair(service: ServiceStatus, now: EpochMillis): boolean {
  if (service.notAfter === undefined || service.notAfter <= now) return false;
  return service.notBefore === undefined || service.notBefore <= now + ALLOWED_SKEW;
}

/** Every required service has a valid pair. Says nothing about Vault: an outage that the pairs survive is no reason to be unready. */
export function isReady(status: DaemonStatus, now: EpochMillis): boolean {
  return status.services.every((service) => !service.required || hasValidPair(service, now));
}

/** Why a service is ready or is not, in a few words: `valid for 3h`, `expired 2m ago: sealed`, `no certificate yet: dns`. */
export function describeValidity(service: ServiceStatus, now: EpochMillis): string {
  const { notBefore, notAfter, reason, pausedUntil } = service;
  if (notAfter !== undefined && hasValidPair(service, now)) return `valid for ${formatDuration(notAfter - now)}`;
  const paused = pausedUntil === undefined ? "" : `: paused until ${formatTime(pausedUntil)}`;
  const because = `${paused}${reason === undefined ? "" : `: ${reason}`}`;
  if (notAfter === undefined) return `no certificate yet${because}`;
  if (notAfter <= now) return `expired ${formatDuration(now - notAfter)} ago${because}`;
  return `not valid before ${formatTime(notBefore ?? now)}${because}`;
}
