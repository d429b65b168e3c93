import { type Reason, UNREACHABLE } from "./errors.ts";
import { type EpochMillis, MINUTE, type Millis, SECOND } from "./units.ts";

/*
 * The circuit of one issuer. It opens when the issuer is away, so that many services do not knock at a dead door, each
 * by its own clock: instead one look at its health now and then, one real issuance when that is good again, and then
 * everybody, the most urgent first. What an issuer says about a request (a name, a role, a policy) never opens it.
 */

export type Circuit =
  | {
      readonly kind: "closed";
      /** Outages in a row. */
      readonly failures: number;
      /** Successes in a row, good looks at its health among them. */
      readonly streak: number;
      /** When it closed after an outage; absent: there was none. */
      readonly since?: EpochMillis;
    }
  | (Away & { readonly kind: "open" })
  /** Its health is good again; one service may ask it. */
  | (Away & {
      readonly kind: "half_open";
      /** Good looks at its health in a row. */
      readonly streak: number;
      /** The service that asks it now. */
      readonly trial?: string;
    });

interface Away {
  /** Since when it has been away. */
  readonly since: EpochMillis;
  readonly reason: Reason;
  /** How often it was half open and failed all the same. */
  readonly trips: number;
  /** When its health is looked at next. */
  readonly probeAt: EpochMillis;
}

/** Successes in a row before a service goes back to an issuer that it has left. */
const RETURN_STREAK = 2;

/** Of an issuer that nothing bad is known of: as good as one that has returned. */
export const CLOSED: Circuit = { kind: "closed", failures: 0, streak: RETURN_STREAK };

/** Outages in a row that open it: one may be a lost packet. */
const OPENS_AFTER = 3;

/** Where no valid pair is left there is no remaining life to take a part of. */
const MOST_WITHOUT_PAIR: Millis = 30 * SECOND;

/** What came of asking an issuer. `refused`: it is there, and said no. */
export type Outcome = { readonly kind: "ok" | "refused" } | { readonly kind: "away"; readonly reason: Reason };

/** Whether a failure says that the issuer is not there, and not that it refuses: only these open its circuit. */
export function isAway(reason: Reason): boolean {
  return UNREACHABLE.has(reason) || reason === "server_error";
}

interface When {
  readonly at: EpochMillis;
  /** When to look at the health, should it be away. */
  readonly probeAt: EpochMillis;
}

/** The circuit after a request. */
export function afterRequest(circuit: Circuit, outcome: Outcome, { at, probeAt }: When): Circuit {
  if (outcome.kind !== "away") return answered(circuit, outcome.kind === "ok", at);
  const { reason } = outcome;
  switch (circuit.kind) {
    case "closed": {
      const failures = circuit.failures + 1;
      if (failures < OPENS_AFTER) return { ...circuit, failures, streak: 0 };
      return { kind: "open", since: at, reason, trips: 0, probeAt };
    }
    case "half_open":
      return { kind: "open", since: circuit.since, reason, trips: circuit.trips + 1, probeAt };
    case "open":
      // Asked before it opened, and answered after.
      return { ...circuit, reason };
    default:
      return circuit satisfies never;
  }
}

function answered(circuit: Circuit, isOk: boolean, at: EpochMillis): Circuit {
  if (circuit.kind !== "closed") {
    const streak = circuit.kind === "half_open" ? circuit.streak : 0;
    return { kind: "closed", failures: 0, streak: streak + Number(isOk), since: at };
  }
  return { ...circuit, failures: 0, streak: circuit.streak + Number(isOk) };
}

/**
 * The circuit after a look at the health. It only ever opens the way for one service, whose success closes it; and it
 * opens nothing, since who is closed is asked for certificates anyway.
 */
export function afterProbe(circuit: Circuit, reason: Reason | undefined, probeAt: EpochMillis): Circuit {
  if (circuit.kind === "closed") return { ...circuit, streak: reason === undefined ? circuit.streak + 1 : 0 };
  const { since, trips } = circuit;
  if (reason !== undefined) return { kind: "open", since, trips, reason, probeAt };
  if (circuit.kind === "half_open") return { ...circuit, probeAt, streak: circuit.streak + 1 };
  return { kind: "half_open", since, trips, reason: circuit.reason, probeAt, streak: 1 };
}

/** The circuit when the clock was set back: nothing that was reckoned from it lies in the future. */
export function withoutFuture(circuit: Circuit, now: EpochMillis): Circuit {
  const since = circuit.since === undefined ? {} : { since: Math.min(circuit.since, now) };
  return circuit.kind === "closed"
    ? { ...circuit, ...since }
    : { ...circuit, ...since, probeAt: Math.min(circuit.probeAt, now) };
}

/** Whether services that have left the issuer may go back to it. */
export function mayReturn(circuit: Circuit): boolean {
  return circuit.kind !== "open" && circuit.streak >= RETURN_STREAK;
}

/** Its health is good again, more than once, and no service needs it: as far as anybody can tell it is back. */
export function looksWell(circuit: Circuit): boolean {
  return circuit.kind === "half_open" && circuit.trial === undefined && mayReturn(circuit);
}

/** Whether this service may ask the issuer now. */
export function admits(circuit: Circuit, service: string): boolean {
  if (circuit.kind === "half_open") return circuit.trial === undefined || circuit.trial === service;
  return circuit.kind === "closed";
}

/**
 * How long until the next look at the health, where the most urgent pair lives for `remaining` yet: often enough to
 * notice the return while it matters. Each time that a good health turns out to be no issuer doubles it, up to 5 % of
 * the remaining life and 5 min; where there is no life left, up to 30 s, as retries do.
 */
export function probeDelay(remaining: Millis, trips: number): Millis {
  const base = Math.min(Math.max(remaining / 200, 2 * SECOND), 30 * SECOND);
  const most = remaining <= 0 ? MOST_WITHOUT_PAIR : Math.max(base, Math.min(5 * MINUTE, remaining / 20));
  return Math.round(Math.min(base * 2 ** trips, most));
}
