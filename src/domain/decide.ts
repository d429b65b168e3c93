import type { Act, Decision } from "./act.ts";
import type { Circumstances } from "./ladder.ts";
import { diskFrom, IDLE, RULES, type Rule, type Wish } from "./rules.ts";
import type { ServiceState } from "./state.ts";
import { ALWAYS, type EpochMillis } from "./units.ts";

interface Choice {
  readonly rules?: readonly Rule[];
  /** Nothing but these is done; absent: everything. */
  readonly only?: ReadonlySet<Act["kind"]>;
}

/** What to do about a service. The state and the circumstances alone decide; carrying it out gives events, and those the next state. */
export function decide(state: ServiceState, around: Circumstances, choice: Choice = {}): Decision {
  const { rules = RULES, only } = choice;
  const { now } = around;
  if (!state.recovered) return dueOrWait({ at: diskFrom(state), act: { kind: "recover" } }, now);
  const earliest = state.force ? ALWAYS : (state.pausedUntil ?? ALWAYS);
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

function dueOrWait({ at, act }: Wish, now: EpochMillis): Decision {
  return at <= now ? act : { kind: "wait", until: at, next: act.kind };
}
