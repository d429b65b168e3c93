import { budgetOf, budgetOpensAt } from "./budget.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import { decide } from "./decide.ts";
import { type Foreseen, foresee, type Outlook } from "./explain/foresee.ts";
import { jitter, renewalPoints } from "./schedule.ts";
import { issuersOf } from "./spec.ts";
import type { ServiceState, Trouble } from "./state.ts";
import { serviceStatus } from "./status/service-status.ts";
import { type IssuerStatus, issuerStatus, type ServiceStatus } from "./status.ts";
import { type EpochMillis, type Millis, SECOND } from "./units.ts";

/*
 * Why a service is as it is, what happens next, and what would happen if no issuer could be had from now on: all that
 * `leafd explain` tells. Times are points in time, lengths are milliseconds under names that end in Ms.
 */

/** Which of the points that renewal is chosen from it was; `other`: those of an earlier configuration, clock or lease. */
type RenewalBy = "renew_at" | "survive" | "quarter" | "other";

/** How the renewal of the pair in use came to its time. */
interface RenewalReason {
  readonly due: EpochMillis;
  readonly by: RenewalBy;
  /** The part of the life after which the configuration renews. */
  readonly renewAt: number;
  readonly surviveMs?: Millis;
  readonly marginMs: Millis;
  /** What spreads a fleet: this much earlier. */
  readonly jitterMs: Millis;
  /** From when the pair arrived to its end. */
  readonly lifeMs: Millis;
  /** Part of the time between due and end that is used up: 0 before it, 1 at the end and after. */
  readonly windowUsed: number;
}

/** A row of failures that has not been made good. */
interface Failing extends Trouble {
  /** What fails. */
  readonly what: "rotation" | "reload" | "reserve" | "revocation" | "expiry";
}

interface Budget {
  /** Certificates that the service may cost in an hour. */
  readonly allowed: number;
  readonly spent: number;
  /** When the next one may be asked for, where it is spent. */
  readonly opensAt?: EpochMillis;
}

export interface Explanation {
  readonly at: EpochMillis;
  /** Its ladder, state and next action as in the status. */
  readonly service: ServiceStatus;
  /** Absent: there is no pair. */
  readonly renewal?: RenewalReason;
  readonly failing: readonly Failing[];
  /** Of everyone that it may ask, the reserve's issuer last. */
  readonly issuers: readonly IssuerStatus[];
  /** Those of its issuers; empty where nobody knows. */
  readonly clusters: readonly ClusterStatus[];
  readonly budget: Budget;
  /** Absent: reloads may happen at any time. In the past or now: a window is open. */
  readonly windowOpensAt?: EpochMillis;
  /** The pair that is held back. */
  readonly reserve?: { readonly serial: string; readonly due: EpochMillis; readonly notAfter: EpochMillis };
  /** What is done next: whom it asks, and why. */
  readonly next: { readonly issuer?: string; readonly cause?: string };
  /** What would happen if no issuer could be had from now on, while disk and dependents do as they are told. */
  readonly outage: readonly Foreseen[];
}

/** What an explanation rests on besides the state. */
export interface Facts extends Outlook {
  /** How far a server's clock is ahead of ours; 0 where nobody has said its time. */
  readonly skew: Millis;
  /** When certificates were asked for within the last hour, oldest first. */
  readonly issued: readonly EpochMillis[];
}

/** Tells all of one service, by the rules that it is run by: nothing is remembered for it, and nobody is asked. */
export function explainService(state: ServiceState, facts: Facts): Explanation {
  const { around } = facts;
  const { now, spec, circuit, windowOpensAt } = around;
  const { reserve } = state;
  const service = serviceStatus(state, around);
  // One that is in use is held back no more.
  const held = reserve !== undefined &&
    reserve.serial !== state.current?.serial && {
      serial: reserve.serial,
      due: reserve.due,
      notAfter: reserve.notAfter,
    };
  return {
    at: now,
    service,
    ...renewalOf(state, facts),
    failing: failingOf(state),
    issuers: issuersOf(spec).map(({ name, cluster }) => issuerStatus({ name, cluster }, circuit(name))),
    clusters: [],
    budget: spending(state, facts),
    ...(spec.windows.length > 0 && { windowOpensAt }),
    ...(held && { reserve: held }),
    next: nextOf(state, facts),
    outage: foresee(state, facts),
  };
}

/** The explanation with what is known of the clusters of its issuers, which no service knows. */
export function withClusters(
  explanation: Explanation | undefined,
  clusters: readonly ClusterStatus[],
): Explanation | undefined {
  const isAsked = ({ name }: ClusterStatus) => explanation?.issuers.some(({ cluster }) => cluster === name);
  return explanation && { ...explanation, clusters: clusters.filter(isAsked) };
}

/** Whoever waits does then what would be done then, as far as that is known now. */
function nextOf(state: ServiceState, { around, windowOpensAt }: Facts): Explanation["next"] {
  const decision = decide(state, around);
  const until = decision.kind === "wait" ? decision.until : around.now;
  if (!Number.isFinite(until)) return {};
  const then = decide(state, { ...around, now: until, windowOpensAt: windowOpensAt(until) });
  if (then.kind === "issue") return { issuer: then.issuer, cause: then.cause };
  return then.kind === "republish" ? { cause: then.cause } : {};
}

function renewalOf({ current }: ServiceState, { around, skew }: Facts): { renewal?: RenewalReason } {
  if (current === undefined) return {};
  const { due, notAfter, receivedAt, notBefore } = current;
  const { spec, now } = around;
  const lifeMs = notAfter - Math.max(receivedAt, notBefore);
  const spread = jitter(spec.name, current.serial);
  const { survive } = spec.outage;
  const plan = { renewAt: spec.renewAt, jitter: spread, skew, ...(survive !== undefined && { survive }) };
  const { byLife, bySurvive, floor, margin } = renewalPoints(current, plan);
  const points = { renew_at: byLife, survive: bySurvive, quarter: floor } as const;
  const names = ["renew_at", "survive", "quarter"] as const;
  const by = names.find((name) => Math.abs(points[name] - due) <= SECOND) ?? "other";
  const windowUsed = notAfter <= now ? 1 : Math.max(0, (now - due) / (notAfter - due));
  const { renewAt } = spec;
  const wanted = survive === undefined ? {} : { surviveMs: survive };
  return { renewal: { due, by, renewAt, ...wanted, marginMs: margin, jitterMs: spread * lifeMs, lifeMs, windowUsed } };
}

function failingOf(state: ServiceState): readonly Failing[] {
  const troubles = [
    ["rotation", state.rotationTrouble],
    ["reload", state.reloadTrouble],
    ["reserve", state.reserveTrouble],
    ["revocation", state.revokeTrouble],
    ["expiry", state.expiryTrouble],
  ] as const;
  return troubles.flatMap(([what, trouble]) => (trouble === undefined ? [] : [{ what, ...trouble }]));
}

function spending(state: ServiceState, { around: { now, spec }, issued }: Facts): Budget {
  const budget = budgetOf(spec, state);
  const opensAt = budgetOpensAt(issued, budget, now);
  return { allowed: budget, spent: issued.length, ...(opensAt !== undefined && { opensAt }) };
}
