import { byAnotherClock } from "./another-clock.ts";
import type { ServiceEvent } from "./events.ts";
import { type IssuerTrouble, isOfTheIssuer, type ProofOwed, type ServiceState } from "./state.ts";
import { troubleAfter } from "./trouble.ts";
import type { EpochMillis } from "./units.ts";

type Kind = ServiceEvent["kind"];
type EventByKind = { readonly [K in Kind]: Extract<ServiceEvent, { readonly kind: K }> };
type Fold<K extends Kind> = (state: ServiceState, event: EventByKind[K]) => ServiceState;

const IMPATIENT = ["rotationTrouble"] as const;

/** What each kind of event changes; one that is not here is news and no change. */
const FOLDS: { readonly [K in Kind]?: Fold<K> } = {
  recovered: (state, { at, leaf, reloadOwed, proofOwed, outdated, replaceAt, servedUntil, toldAt, superseded }) => ({
    ...without(state, "lacking", "drift", "outdated", "replaceAt", "proofOwed", "superseded"),
    recovered: true,
    current: leaf,
    reloadOwed,
    ...(proofOwed && !reloadOwed && { proofOwed: owedSince(at) }),
    ...(outdated && { outdated }),
    ...(replaceAt && { replaceAt }),
    ...(servedUntil && { servedUntil }),
    // What an earlier run has done, as far as the disk remembers it.
    lastIssue: state.lastIssue ?? leaf.receivedAt,
    ...(toldAt && { lastReload: toldAt }),
    ...(superseded && { superseded }),
  }),
  nothing_usable: (state, { cause }) => ({
    // What fails while there is a pair may be patient; once it is gone, nothing is.
    ...without(state, "current", "outdated", "replaceAt", "proofOwed", ...(state.current ? IMPATIENT : [])),
    issuerTroubles: state.current ? {} : state.issuerTroubles,
    recovered: true,
    lacking: cause,
    ...((cause === "damaged" || state.current !== undefined) && { drift: cause }),
    reloadOwed: false,
  }),
  outdated: (state, { cause }) => ({ ...without(state, "replaceAt"), outdated: cause }),
  renewal_requested: (state, { force }) => ({
    ...without(state, "rotationTrouble"),
    issuerTroubles: {},
    renewalAsked: true,
    force: state.force || force,
  }),
  rotation_started: (state) => ({ ...state, activity: "rotation" }),
  issued: (state, { at }) => ({ ...state, lastIssue: at }),
  published,
  survive_unmet: (state) => ({ ...state, surviveUnmet: true }),
  rotation_failed: (state, event) => ({
    ...without(state, "activity"),
    rotationTrouble: troubleAfter(event, event.stage, state.rotationTrouble),
    issuerTroubles: isOfTheIssuer(event)
      ? { ...state.issuerTroubles, [event.issuer]: issuerTrouble(state.issuerTroubles[event.issuer], event) }
      : state.issuerTroubles,
  }),
  reload_started: (state) => ({ ...state, activity: "reload" }),
  reload_failed: (state, event) => ({
    ...without(state, "activity"),
    reloadTrouble: troubleAfter(event, "reload", state.reloadTrouble),
  }),
  delivered: (state, { at, proofOwed }) => ({
    // While proofs fail the trouble stays what they said.
    ...without(state, "activity", ...(state.reloadTrouble?.stage === "confirm" ? [] : ["reloadTrouble" as const])),
    reloadOwed: false,
    force: state.renewalAsked && state.force,
    lastReload: at,
    ...(proofOwed && { proofOwed: owedSince(at) }),
    ...(state.current && { servedUntil: state.current.notAfter }),
  }),
  confirmed: (state, { at }) => ({
    ...without(state, "proofOwed", "reloadTrouble", "staleUntil"),
    proofFailures: 0,
    lastConfirm: at,
  }),
  clock_changed: (state, { at }) => byAnotherClock(state, at),
  still_live: (state, { at }) => ({ ...state, lastConfirm: at }),
  proof_pending: (state, { at, nextAt }) => lookAgain(state, { at, nextAt }),
  proof_failed: (state, event) => {
    const next = { ...state, reloadTrouble: troubleAfter(event, "confirm", state.reloadTrouble) };
    if (event.outcome === "unknown") return lookAgain(next, { at: event.at, nextAt: event.retryAt });
    const { servedUntil: staleUntil } = event;
    const told = { reloadOwed: true, proofFailures: state.proofFailures + 1 };
    return { ...without(next, "proofOwed"), ...told, ...(staleUntil !== undefined && { staleUntil }) };
  },
  paused: (state, { until }) => ({ ...state, force: false, pausedUntil: until }),
  resumed: (state) => without(state, "pausedUntil"),
  reserved: (state, { leaf }) => ({ ...without(state, "reserveTrouble"), reserve: leaf }),
  reserve_lost: (state) => without(state, "activity", "reserve"),
  reserve_failed: (state, event) => ({ ...state, reserveTrouble: troubleAfter(event, "issue", state.reserveTrouble) }),
  expired: (state, { generation }) => ({ ...without(state, "expiryTrouble"), expired: generation }),
  expiry_failed: (state, event) => ({ ...state, expiryTrouble: troubleAfter(event, "reload", state.expiryTrouble) }),
  revoked: (state) => without(state, "superseded", "revokeTrouble"),
  revoke_failed: (state, event) =>
    event.final
      ? without(state, "superseded", "revokeTrouble")
      : { ...state, revokeTrouble: troubleAfter(event, "issue", state.revokeTrouble) },
};

/** The next state. Pure: the same events give the same state, whatever happened around them. */
export function evolve(state: ServiceState, event: ServiceEvent): ServiceState {
  return fold(event.kind, state, event);
}

function fold<K extends Kind>(kind: K, state: ServiceState, event: EventByKind[K]): ServiceState {
  return FOLDS[kind]?.(state, event) ?? state;
}

type Optional = {
  [K in keyof ServiceState]-?: undefined extends ServiceState[K] ? K : object extends Pick<ServiceState, K> ? K : never;
}[keyof ServiceState];

/** The state without these fields: `exactOptionalPropertyTypes` has no other way to unset one. */
function without(state: ServiceState, ...fields: Optional[]): ServiceState {
  const rest = { ...state };
  for (const field of fields) delete rest[field];
  return rest;
}

function published(state: ServiceState, event: EventByKind["published"]): ServiceState {
  const isNew = event.leaf.serial !== state.current?.serial;
  const isBack = event.cause === "rolled_back";
  // A pair that is published again answers neither a wish for a new one nor a request for another.
  const isAnswered = isNew || state.outdated === event.cause;
  const over = [
    "lacking",
    "drift",
    "activity",
    "rotationTrouble",
    "reloadTrouble",
    "proofOwed",
    "expired",
    "expiryTrouble",
  ] as const;
  const { superseded } = event;
  return {
    ...without(state, ...over, ...(isAnswered ? (["outdated", "replaceAt"] as const) : []), ...replaced(state, event)),
    recovered: true,
    current: event.leaf,
    renewalAsked: isNew ? false : state.renewalAsked,
    force: isNew && !event.reloadOwed ? false : state.force,
    reloadOwed: event.reloadOwed,
    proofFailures: 0,
    issuerTroubles: isNew && event.leaf.rung !== "reserve" ? {} : state.issuerTroubles,
    surviveUnmet: isNew ? false : state.surviveUnmet,
    published: event.cause,
    lastStore: event.at,
    ...(event.proofOwed && { proofOwed: owedSince(event.at) }),
    rotations: state.rotations + (isNew ? 1 : 0),
    ...(superseded && { superseded }),
    // What the one that was refused was to answer is wanted as before.
    ...(isBack && state.published !== undefined && { outdated: state.published }),
  };
}

/** What is known about the certificate before, once this pair is the current one: it may be the very one that is back. */
function replaced({ superseded }: ServiceState, event: EventByKind["published"]): ("superseded" | "revokeTrouble")[] {
  const isOther = event.superseded !== undefined || superseded?.serial === event.leaf.serial;
  return isOther ? ["superseded", "revokeTrouble"] : [];
}

function issuerTrouble(before: IssuerTrouble | undefined, event: EventByKind["rotation_failed"]): IssuerTrouble {
  const { at, reason, retryAt } = event;
  return { failures: (before?.failures ?? 0) + 1, reason, since: before?.since ?? at, at, retryAt };
}

function owedSince(at: EpochMillis): ProofOwed {
  return { since: at, nextAt: at, looks: 0 };
}

function lookAgain(state: ServiceState, { at, nextAt }: { at: EpochMillis; nextAt: EpochMillis }): ServiceState {
  const { since, looks } = state.proofOwed ?? owedSince(at);
  return { ...state, proofOwed: { since, nextAt, looks: looks + 1 } };
}
