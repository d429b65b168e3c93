import type { Act } from "./act.ts";
import type { Cause } from "./events.ts";
import { askableFrom, type Circumstances, reserveFrom, reserveProblem, turns } from "./ladder.ts";
import { renewalMargin } from "./schedule.ts";
import { inUseUntil, isOfTheIssuer, type ServiceState } from "./state.ts";
import { ALWAYS, type EpochMillis, MINUTE, type Millis, NEVER } from "./units.ts";

/** What a rule wants, and from when. */
export interface Wish {
  readonly at: EpochMillis;
  readonly act: Act;
}

export interface Rule {
  /** What it is for. */
  readonly name: string;
  readonly wish: (state: ServiceState, around: Circumstances) => Wish | undefined;
}

/** A dependent that is restarted with old files, or taken over by another one, is noticed after this time. */
const LOOK_AT_DEPENDENTS: Millis = 5 * MINUTE;

/** Causes for which the pair that is there serves, in another form or with another bundle. */
const SAME_PAIR: ReadonlySet<Cause> = new Set<Cause>(["delivery_changed", "trust_changed"]);

/**
 * The rules, the first that wants something now wins. What costs nothing comes before what needs an issuer, what a
 * service needs before what it may need one day; and once a reload has failed it takes its turn behind the rotation, so
 * that a broken hook cannot stop renewals.
 */
export const RULES: readonly Rule[] = [
  {
    name: "dependents are told at once",
    wish: (state, around) =>
      state.reloadOwed && state.reloadTrouble === undefined
        ? { at: reloadFrom(state, around), act: { kind: "reload" } }
        : undefined,
  },
  { name: "a pair is published that is wanted now", wish: wantedRotation },
  {
    name: "the reserve takes over when no issuer gives another in time",
    wish: (state, around) =>
      reserveProblem(state, around) === undefined
        ? { at: Math.max(reserveFrom(state), diskFrom(state)), act: { kind: "use_reserve" } }
        : undefined,
  },
  {
    // After a suspend or a reboot the issuers are there, as a rule: nothing is stopped that can be renewed now.
    name: "a pair that ended, with no other to be had now, is dealt with as the operator wants",
    wish: ({ current, expired, expiryTrouble }) =>
      current === undefined || expired === current.generation
        ? undefined
        : { at: Math.max(current.notAfter, expiryTrouble?.retryAt ?? ALWAYS), act: { kind: "expire" } },
  },
  {
    name: "what the dependents serve is looked at",
    wish: ({ proofOwed }) => proofOwed && { at: proofOwed.nextAt, act: { kind: "confirm" } },
  },
  {
    name: "what was seen to be live is looked at now and then",
    wish: ({ reloadOwed, proofOwed, lastConfirm }) =>
      reloadOwed || proofOwed !== undefined || lastConfirm === undefined
        ? undefined
        : { at: lastConfirm + LOOK_AT_DEPENDENTS, act: { kind: "confirm" } },
  },
  {
    name: "dependents are told again after a failure",
    wish: (state, around) =>
      state.reloadOwed && state.reloadTrouble !== undefined
        ? { at: Math.max(state.reloadTrouble.retryAt, reloadFrom(state, around)), act: { kind: "reload" } }
        : undefined,
  },
  {
    name: "a certificate that was replaced is revoked once the new one is live",
    wish: ({ superseded, reloadOwed, proofOwed, revokeTrouble }) =>
      superseded === undefined || reloadOwed || proofOwed !== undefined
        ? undefined
        : { at: revokeTrouble?.retryAt ?? ALWAYS, act: { kind: "revoke" } },
  },
  { name: "a reserve is held", wish: wantedReserve },
];

/** Where no rule wants anything: a service without a way to a certificate is looked at again by whoever waits. */
export const IDLE: Wish = { at: NEVER, act: { kind: "recover" } };

/** From when the disk, or leafd itself, may be tried again: trouble that no issuer answers for. */
export function diskFrom({ rotationTrouble: trouble }: ServiceState): EpochMillis {
  if (trouble === undefined || isOfTheIssuer(trouble) || trouble.reason === "budget_exhausted") return ALWAYS;
  return trouble.retryAt;
}

/** From when the budget lets the issuers be asked again; what costs no certificate does not wait for that. */
function budgetFrom({ rotationTrouble: trouble }: ServiceState): EpochMillis {
  return trouble?.reason === "budget_exhausted" ? trouble.retryAt : ALWAYS;
}

/** Reloads wait for a window, unless the pair that dependents use would end before. */
function reloadFrom(state: ServiceState, around: Circumstances): EpochMillis {
  const { current, force } = state;
  if (force) return ALWAYS;
  const servedUntil = inUseUntil(state);
  if (servedUntil === undefined || current === undefined) return ALWAYS;
  return Math.min(around.windowOpensAt, servedUntil - 2 * renewalMargin(current.notAfter - current.receivedAt));
}

function wantedRotation(state: ServiceState, around: Circumstances): Wish {
  const { current, outdated } = state;
  const issue = (cause: Cause, at: EpochMillis) => issueFrom({ cause, at }, state, around);
  if (current === undefined) return issue(state.lacking ?? "missing", ALWAYS);
  if (state.renewalAsked) return issue("forced", ALWAYS);
  if (outdated === undefined) return issue("renewal_due", current.due);
  const at = Math.min(state.replaceAt ?? ALWAYS, current.due);
  if (!SAME_PAIR.has(outdated)) return issue(outdated, at);
  return { at: Math.max(at, diskFrom(state)), act: { kind: "republish", cause: outdated } };
}

/** The first of the issuers whose turn it is; when there is none, the one whose turn comes first. */
function issueFrom({ cause, at }: { cause: Cause; at: EpochMillis }, state: ServiceState, around: Circumstances): Wish {
  const { now } = around;
  const wish = (issuer: string, from: EpochMillis): Wish => ({
    at: Math.max(at, from, diskFrom(state), budgetFrom(state)),
    act: { kind: "issue", cause, issuer },
  });
  const wishes = turns(state, around).map(({ issuer, at: from }) => wish(issuer, from));
  const [first, ...others] = wishes;
  const ready = wishes.find((each) => each.at <= now);
  return ready ?? others.reduce((best, each) => (each.at < best.at ? each : best), first ?? IDLE);
}

/** Behind everything that a service needs now: the reserve is for later. */
function wantedReserve(state: ServiceState, around: Circumstances): Wish | undefined {
  const { reserve: wanted } = around.spec.outage;
  const { current, reserve, reserveTrouble } = state;
  if (wanted === undefined || current === undefined || current.notAfter <= around.now) return undefined;
  const due = reserve === undefined || reserve.serial === current.serial ? ALWAYS : reserve.due;
  const at = Math.max(due, reserveTrouble?.retryAt ?? ALWAYS, askableFrom(wanted.issuer.name, state, around));
  return { at, act: { kind: "reserve" } };
}
