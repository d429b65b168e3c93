import { decide } from "../decide.ts";
import { type Circumstances, turns, wantedFrom } from "../ladder.ts";
import { rungs } from "../rungs.ts";
import type { ServiceSpec } from "../spec.ts";
import { inUseUntil, isPaused, type ServiceState, type Trouble } from "../state.ts";
import { type NextAction, type ServiceStatus, standing } from "../status.ts";
import { type EpochMillis, formatTime } from "../units.ts";

/** What there is to say about one service now: a view of its configuration and its state. */
export function serviceStatus(state: ServiceState, around: Circumstances): ServiceStatus {
  const { spec, now } = around;
  const { current, reloadOwed } = state;
  const own = state.rotationTrouble ?? state.reloadTrouble;
  const kept = own === undefined ? keptWaiting(state, around) : undefined;
  const trouble = own ?? kept;
  const failures = (state.rotationTrouble?.failures ?? 0) + (state.reloadTrouble?.failures ?? 0);
  const { recovered: inspected, proofFailures } = state;
  const facts = { inspected, delivered: !reloadOwed, proofFailures, failures, keptWaiting: kept !== undefined };
  return {
    name: spec.name,
    required: spec.required,
    state: standing(current === undefined ? facts : { ...facts, notAfter: current.notAfter, due: current.due }, now),
    ...(trouble && {
      reason: trouble.reason,
      message: trouble.message,
      failedStage: trouble.stage,
      failedAt: trouble.at,
    }),
    ...(isPaused(state, now) && { pausedUntil: state.pausedUntil }),
    ...nextStep(state, around),
    ...leafFields(state),
    names: spec.request.names,
    issuer: current?.issuer ?? spec.issuers[0].name,
    delivered: !reloadOwed,
    ...(spec.probes.length > 0 && { live: state.proofOwed === undefined && !reloadOwed && state.recovered }),
    ...servedField(state, spec),
    ...reserveField(state),
    ladder: rungs(state, around),
    ...(state.surviveUnmet && { surviveUnmet: true }),
    ...(isBudgetSpent(state, now) && { budgetSpent: true }),
    failures,
    lastSuccess: {
      ...(state.lastIssue !== undefined && { issue: state.lastIssue }),
      ...(state.lastStore !== undefined && { store: state.lastStore }),
      ...(state.lastReload !== undefined && { reload: state.lastReload }),
      ...(state.lastConfirm !== undefined && { confirm: state.lastConfirm }),
    },
  };
}

/**
 * What stands in the way of a service that wants a certificate and may ask nobody: it has failed at nothing itself, since
 * others have found out before that its issuers are away.
 */
function keptWaiting(state: ServiceState, around: Circumstances): KeptWaiting | undefined {
  const { now, circuit } = around;
  if (!state.recovered || isPaused(state, now) || wantedFrom(state) > now) return undefined;
  const asked = turns(state, around).filter(({ from }) => from <= now);
  const away = asked.flatMap(({ issuer }) => {
    const is = circuit(issuer);
    return is.kind === "closed" ? [] : [{ issuer, ...is }];
  });
  const [first] = away;
  if (first === undefined || away.length < asked.length) return undefined;
  const { reason, since: at, issuer } = first;
  const message = `issuer ${issuer} has been away since ${formatTime(at)}: only its health is asked for`;
  return { reason, message, stage: "issue", at };
}

type KeptWaiting = Pick<Trouble, "reason" | "message" | "stage" | "at">;

function nextStep(state: ServiceState, around: Circumstances): { nextAction: NextAction; nextAt: EpochMillis } {
  const { now } = around;
  const decision = decide(state, around);
  return decision.kind === "wait"
    ? { nextAction: decision.next, nextAt: decision.until }
    : { nextAction: decision.kind, nextAt: now };
}

/** See `ServiceStatus`. A probe outweighs what a reload says, and what it saw last holds until it has seen other. */
function servedField(
  state: ServiceState,
  { reload, probes }: ServiceSpec,
): Pick<ServiceStatus, "served" | "usedUntil"> {
  if (state.current === undefined) return {};
  if (state.reloadOwed || state.proofFailures > 0) {
    const usedUntil = inUseUntil(state);
    const isOther = usedUntil !== undefined && usedUntil !== state.current.notAfter;
    return { served: false, ...(isOther && { usedUntil }) };
  }
  const isTold = probes.length > 0 ? state.proofOwed === undefined : reload.length > 0;
  return isTold ? { served: true } : {};
}

/** One that is published is no reserve any more. */
function reserveField({ reserve, current }: ServiceState): Pick<ServiceStatus, "reserveNotAfter"> {
  return reserve === undefined || reserve.serial === current?.serial ? {} : { reserveNotAfter: reserve.notAfter };
}

function isBudgetSpent({ rotationTrouble: trouble }: ServiceState, now: EpochMillis): boolean {
  return trouble?.reason === "budget_exhausted" && trouble.retryAt > now;
}

function leafFields({ current }: ServiceState): Partial<ServiceStatus> {
  if (current === undefined) return {};
  const { serial, fingerprint, generation, rung, notBefore, notAfter, due } = current;
  return { serial, fingerprint, generation, rung, notBefore, notAfter, due };
}
