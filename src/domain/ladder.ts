import { admits, type Circuit, isAway, mayReturn } from "./circuit.ts";
import type { LeafFacts } from "./leaf-facts.ts";
import { fraction } from "./schedule.ts";
import type { ServiceSpec } from "./spec.ts";
import type { IssuerTrouble, ServiceState } from "./state.ts";
import { ALWAYS, type EpochMillis, MINUTE, type Millis, NEVER, SECOND } from "./units.ts";

/*
 * The ladder: what holds while a service cannot have a new certificate from the issuer it prefers.
 *
 *     keep the pair → the next issuer → the reserve → what the operator wants at the end
 *
 * All of it is a function of the state and the time; nothing here is remembered between two decisions.
 */

/** What a decision rests on besides the state of the service. */
export interface Circumstances {
  readonly now: EpochMillis;
  readonly spec: ServiceSpec;
  /** The circuit of an issuer, by its configured name. */
  readonly circuit: (issuer: string) => Circuit;
  /** When reloads may happen next; `now` or earlier: they may. */
  readonly windowOpensAt: EpochMillis;
}

/** Of the renewal window: when the next issuer, and when the reserve takes over. */
const FAILOVER_BURN = 0.25;
const RESERVE_BURN = 0.75;
/** However short the window is, the reserve leaves this time for a reload and its proof. */
const RESERVE_MARGIN: Millis = SECOND;
/** An issuer whose circuit is open for this long is failed over from, however long the window is. */
const FAILOVER_OPEN: Millis = 10 * MINUTE;
/** After an outage those who are not first spread over this time at most. */
const LONGEST_SPREAD: Millis = MINUTE;
/** While a circuit is away its state is looked at again after this time. */
const LOOK_AT_CIRCUIT: Millis = SECOND;

/** When an issuer may be asked on behalf of the service. */
export interface Turn {
  readonly issuer: string;
  /** From when its place on the ladder lets it take part; infinite: not as things are. */
  readonly from: EpochMillis;
  /** From when it may be asked: its turn, its circuit and the pause after its last failure. */
  readonly at: EpochMillis;
}

/** Part of the renewal window that is used up: 0 when renewal comes due, 1 at the end. */
export function burnAt({ due, notAfter }: LeafFacts, burn: number): EpochMillis {
  return due + (notAfter - due) * burn;
}

/** The issuers of the service, in the order in which they would be asked now. */
export function turns(state: ServiceState, around: Circumstances): readonly Turn[] {
  const order = preference(state, around);
  let from = ALWAYS;
  return order.map((issuer, index) => {
    const before = order[index - 1];
    if (before !== undefined) from = Math.max(from, failoverFrom({ before, next: issuer }, state, around));
    return { issuer, from, at: Math.max(from, askableFrom(issuer, state, around)) };
  });
}

/**
 * The configured order, unless the pair came from a later issuer: that one goes first until the preferred one has shown
 * twice in a row that it is back. So the way back costs no certificate, and an issuer that comes and goes is left alone.
 */
function preference({ current, force }: ServiceState, { spec, circuit }: Circumstances): readonly string[] {
  const names = spec.issuers.map(({ name }) => name);
  const [home] = spec.issuers;
  if (force || current === undefined || current.issuer === home.name || !names.includes(current.issuer)) return names;
  const others = names.filter((name) => name !== home.name && name !== current.issuer);
  return mayReturn(circuit(home.name))
    ? [home.name, current.issuer, ...others]
    : [current.issuer, home.name, ...others];
}

/** Two issuers in the order of preference, by name. */
interface Neighbours {
  readonly before: string;
  readonly next: string;
}

/** When the issuer after the first one takes part. */
function failoverFrom({ before, next }: Neighbours, state: ServiceState, around: Circumstances): EpochMillis {
  const { now, spec, circuit } = around;
  const { current } = state;
  const away = circuit(before);
  const openSince = away.kind === "closed" ? NEVER : away.since;
  const since = Math.min(state.issuerTroubles[before]?.since ?? NEVER, openSince);
  // The one that the pair came from needs no second proof that the first is not there.
  if (current === undefined || current.notAfter <= now || current.issuer === next) return since;
  const needed = neededFrom(current, state);
  const { failoverAfter } = spec.outage;
  if (failoverAfter !== undefined) return Math.max(since + failoverAfter, needed);
  return Math.max(since, Math.min(burnAt(current, FAILOVER_BURN), Math.max(openSince + FAILOVER_OPEN, needed)));
}

/** From when on another pair is wanted than there is. */
export function wantedFrom(state: ServiceState): EpochMillis {
  return state.current === undefined ? ALWAYS : neededFrom(state.current, state);
}

/** From when on a pair is wanted in place of this one. */
function neededFrom({ due }: LeafFacts, { outdated, replaceAt, renewalAsked }: ServiceState): EpochMillis {
  if (renewalAsked) return ALWAYS;
  return outdated === undefined ? due : Math.min(replaceAt ?? ALWAYS, due);
}

/** When the issuer may be asked, as far as its circuit and its last failure are concerned. */
export function askableFrom(issuer: string, state: ServiceState, around: Circumstances): EpochMillis {
  const { now, spec, circuit } = around;
  const trouble = state.issuerTroubles[issuer];
  const is = circuit(issuer);
  if (state.force) return trouble === undefined || hasReturned(is, trouble, spec.name) ? ALWAYS : trouble.retryAt;
  // Who was refused what it asks for does not try a circuit: it would learn nothing, and could be let in again at once.
  const isRefused = trouble !== undefined && !isAway(trouble.reason);
  if (is.kind !== "closed" && admits(is, spec.name)) return isRefused ? trouble.retryAt : ALWAYS;
  if (is.kind !== "closed") return Math.max(is.probeAt, now + LOOK_AT_CIRCUIT);
  if (is.since === undefined) return trouble?.retryAt ?? ALWAYS;
  if (trouble === undefined) return isWaitingSince(state, is.since) ? backFrom(state, spec.name, is.since) : ALWAYS;
  return hasReturned(is, trouble, spec.name)
    ? Math.min(trouble.retryAt, backFrom(state, spec.name, is.since))
    : trouble.retryAt;
}

/** The issuer was away when it was asked, and has come back since: whoever went through its open circuit waits no longer than the others. */
function hasReturned(is: Circuit, { reason, at }: IssuerTrouble, service: string): boolean {
  if (!isAway(reason)) return false;
  return is.kind === "closed" ? is.since !== undefined && at <= is.since : admits(is, service);
}

/** Renewal came due while the circuit was away. */
function isWaitingSince({ current }: ServiceState, closed: EpochMillis): boolean {
  return current !== undefined && current.due <= closed;
}

/** From when a service asks an issuer that came back at `closed`: who has time leaves the first moments to who has none. */
function backFrom({ current }: ServiceState, service: string, closed: EpochMillis): EpochMillis {
  if (current === undefined) return closed;
  const span = Math.max(0, Math.min(LONGEST_SPREAD, (current.notAfter - closed) / 20));
  return closed + Math.round(span * fraction(`${service}\0${current.serial}`));
}

/** Why a reserve cannot take over. */
export type ReserveProblem = "none_configured" | "not_issued" | "ended" | "in_use" | "no_gain" | "issuers_answer";

/** Why the reserve cannot take over as things are, or undefined when it could: whether its time has come is `reserveFrom`. */
export function reserveProblem(state: ServiceState, { now, spec, circuit }: Circumstances): ReserveProblem | undefined {
  const { reserve, current } = state;
  if (spec.outage.reserve === undefined) return "none_configured";
  if (reserve === undefined) return "not_issued";
  if (reserve.notAfter <= now) return "ended";
  if (current?.serial === reserve.serial) return "in_use";
  if (current !== undefined && reserve.notAfter <= current.notAfter) return "no_gain";
  const isGone = ({ name }: { readonly name: string }) =>
    state.issuerTroubles[name] !== undefined || circuit(name).kind !== "closed";
  const isSpent = state.rotationTrouble?.reason === "budget_exhausted";
  return isSpent || spec.issuers.some(isGone) ? undefined : "issuers_answer";
}

/** When the reserve takes over, if no issuer has helped until then: early enough for a reload and its proof. */
export function reserveFrom({ current }: ServiceState): EpochMillis {
  if (current === undefined) return ALWAYS;
  return Math.min(burnAt(current, RESERVE_BURN), current.notAfter - RESERVE_MARGIN);
}
