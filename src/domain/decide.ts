import type { Act, Decision } from "./act.ts";
import type { Circumstances } from "./ladder.ts";
import { diskFrom, IDLE, NOW, RULES, type Rule, type Wish } from "./rules.ts";
import type { ServiceState } from "./state.ts";
import type { EpochMillis } from "./units.ts";

interface Choice {
  readonly rules?: readonly Rule[];
  /** Nothing but these is done; absent: everything. */
  readonly only?: ReadonlySet<Act["kind"]>;
}

/** What to do about a service. The state and the circumstances alone decide; carrying it out gives events, and those the next state. */
export function decide(told: ServiceState, around: Circumstances, choice: Choice = {}): Decision {
  const { rules = RULES, only } = choice;
  const state = withoutFutures(told, around.now);
  const { now } = around;
  if (!state.recovered) return dueOrWait({ at: diskFrom(state), act: { kind: "recover" } }, now);
  const earliest = state.force ? NOW : (state.pausedUntil ?? NOW);
  const wishes = rules
    .map(({ wish }) => wish(state, around))
    .filter((wish) => wish !== undefined)
    .filter(({ act }) => only === undefined || only.has(act.kind))
    .map(({ at, act }) => ({ at: Math.max(at, earliest), act }));
  const due = wishes.find(({ at }) => at <= now);
  if (due !== undefined) return due.act;
  const next = wishes.reduce((first, wish) => (wish.at < first.at ? wish : first), IDLE);
  return dueOrWait(next, now);
}

const TROUBLES = ["rotationTrouble", "reloadTrouble", "reserveTrouble", "revokeTrouble", "expiryTrouble"] as const;

/** A failure that lies in the future tells that the clock was set back since, and then its wait means nothing. */
function withoutFutures(state: ServiceState, now: EpochMillis): ServiceState {
  const wrong = TROUBLES.filter((name) => (state[name]?.at ?? 0) > now);
  const issuers = Object.entries(state.issuerTroubles);
  const right = issuers.filter(([, { at }]) => at <= now);
  if (wrong.length === 0 && right.length === issuers.length) return state;
  const rest = { ...state, issuerTroubles: Object.fromEntries(right) };
  for (const name of wrong) delete rest[name];
  return rest;
}

function dueOrWait({ at, act }: Wish, now: EpochMillis): Decision {
  return at <= now ? act : { kind: "wait", until: at, next: act.kind };
}
