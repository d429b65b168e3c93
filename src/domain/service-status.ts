import { decide } from "./decide.ts";
import type { ServiceSpec } from "./spec.ts";
import type { ServiceState } from "./state.ts";
import { type NextAction, type ServiceStatus, standing } from "./status.ts";
import type { EpochMillis } from "./units.ts";

/** What there is to say about one service now: a view of its configuration and its state. */
export function serviceStatus(spec: ServiceSpec, state: ServiceState, now: EpochMillis): ServiceStatus {
  const { current, reloadOwed } = state;
  const trouble = state.rotationTrouble ?? state.reloadTrouble;
  const failures = (state.rotationTrouble?.failures ?? 0) + (state.reloadTrouble?.failures ?? 0);
  const facts = { inspected: state.recovered, delivered: !reloadOwed, failures };
  return {
    name: spec.name,
    required: spec.required,
    state: standing(current === undefined ? facts : { ...facts, notAfter: current.notAfter, due: current.due }, now),
    ...(trouble && { reason: trouble.reason, message: trouble.message }),
    ...nextStep(state, now),
    ...leafFields(state),
    names: spec.request.names,
    issuer: spec.issuers[0].name,
    delivered: !reloadOwed,
    failures,
    lastSuccess: {
      ...(state.lastIssue !== undefined && { issue: state.lastIssue }),
      ...(state.lastStore !== undefined && { store: state.lastStore }),
      ...(state.lastReload !== undefined && { reload: state.lastReload }),
    },
  };
}

function nextStep(state: ServiceState, now: EpochMillis): { nextAction: NextAction; nextAt: EpochMillis } {
  const decision = decide(state, now);
  return decision.kind === "wait"
    ? { nextAction: decision.next, nextAt: decision.until }
    : { nextAction: decision.kind, nextAt: now };
}

function leafFields({ current }: ServiceState): Partial<ServiceStatus> {
  if (current === undefined) return {};
  const { serial, fingerprint, generation, notBefore, notAfter, due } = current;
  return { serial, fingerprint, generation, notBefore, notAfter, due };
}
