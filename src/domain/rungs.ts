import { isAway } from "./circuit.ts";
import type { Reason } from "./errors.ts";
import { type Circumstances, type ReserveProblem, reserveFrom, reserveProblem, turns } from "./ladder.ts";
import type { AtExpiry } from "./outage-spec.ts";
import type { ServiceState } from "./state.ts";
import type { EpochMillis } from "./units.ts";

/** One rung of the ladder of a service, as an operator sees it. */
export interface Rung {
  readonly kind: "keep" | "issuer" | "reserve" | "expiry";
  /** Of the issuer, or of what is done at the end. */
  readonly name?: string;
  /** The pair that is served now comes from it. */
  readonly inUse: boolean;
  /** Whether it could help: now, or from `from` on. */
  readonly available: boolean;
  /** Why it cannot. */
  readonly why?: Reason | ReserveProblem | "circuit_open" | "not_its_turn" | "no_pair";
  /** When it takes part at the earliest; absent: that depends on what happens before. */
  readonly from?: EpochMillis;
}

/** The ladder as things are now: the pair that is there, the issuers in the order of their turns, the reserve, the end. */
export function rungs(state: ServiceState, around: Circumstances): readonly Rung[] {
  return [
    keep(state, around),
    ...issuers(state, around),
    ...reserve(state, around),
    end(state, around.spec.outage.atExpiry),
  ];
}

function keep({ current }: ServiceState, { now }: Circumstances): Rung {
  const isThere = current !== undefined && current.notAfter > now;
  return { kind: "keep", inUse: isThere, available: isThere, ...(isThere ? {} : { why: "no_pair" }) };
}

function issuers(state: ServiceState, around: Circumstances): readonly Rung[] {
  const { current } = state;
  return turns(state, around).map(({ issuer, from, at }): Rung => {
    const rung = { kind: "issuer", name: issuer, inUse: current?.issuer === issuer } as const;
    const trouble = state.issuerTroubles[issuer];
    const start = Math.max(at, current?.due ?? at);
    const when = Number.isFinite(start) ? { from: start } : {};
    if (around.circuit(issuer).kind === "open") return { ...rung, available: false, why: "circuit_open", ...when };
    // That it was away once says nothing any more when it may be asked again.
    const isPast = trouble !== undefined && isAway(trouble.reason) && trouble.retryAt <= around.now;
    if (trouble !== undefined && !isPast)
      return { ...rung, available: isAway(trouble.reason), why: trouble.reason, ...when };
    if (from > around.now) return { ...rung, available: true, why: "not_its_turn", ...when };
    return { ...rung, available: true, ...when };
  });
}

function reserve(state: ServiceState, around: Circumstances): readonly Rung[] {
  const problem = reserveProblem(state, around);
  if (problem === "none_configured") return [];
  const rung = { kind: "reserve", inUse: state.current?.rung === "reserve" } as const;
  const from = reserveFrom(state);
  const when = Number.isFinite(from) ? { from } : {};
  if (problem === undefined) return [{ ...rung, available: true, ...when }];
  return [{ ...rung, available: problem === "issuers_answer", why: problem, ...when }];
}

function end({ current }: ServiceState, { kind: name }: AtExpiry): Rung {
  const when = current === undefined ? {} : { from: current.notAfter };
  return { kind: "expiry", name, inUse: false, available: true, ...when };
}
