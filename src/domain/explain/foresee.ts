import type { Act } from "../act.ts";
import { chanceOf, type Failure, retryDelay } from "../backoff.ts";
import { decide } from "../decide.ts";
import type { Cause, Said } from "../events.ts";
import { evolve } from "../evolve.ts";
import type { Circumstances } from "../ladder.ts";
import type { LeafFacts } from "../leaf-facts.ts";
import type { AtExpiry } from "../outage-spec.ts";
import { isPaused, type ServiceState } from "../state.ts";
import type { EpochMillis } from "../units.ts";
import { AwayIssuers } from "./away-issuers.ts";

/*
 * What leafd would do for a service if no issuer could be had from now on. It is no second opinion: `decide` says what is
 * done, `evolve` and the circuits say what comes of it, and only the world is made up. In it issuers are away, and disk
 * and dependents do as they are told, at once.
 */

/** Something that would happen, and when. */
export type Foreseen = { readonly at: EpochMillis } & (
  | { readonly kind: "pause_over" }
  /** Renewal of the pair in use comes due. */
  | { readonly kind: "due" }
  /** This issuer is asked, for the first time since the pair was published. */
  | { readonly kind: "asked"; readonly issuer: string; readonly cause: Cause }
  /** Its circuit opens: from then on only its health is asked for. */
  | { readonly kind: "away"; readonly issuer: string }
  | { readonly kind: "republished"; readonly cause: Cause }
  | { readonly kind: "reserve_used"; readonly notAfter: EpochMillis }
  | { readonly kind: "reloaded" }
  /** The pair has ended and there is no other. */
  | { readonly kind: "expired"; readonly action: AtExpiry["kind"] }
  /** It goes on like this; no more was reckoned. */
  | { readonly kind: "cut" }
);

/** What the play rests on besides the state. */
export interface Outlook {
  /** As things are now. */
  readonly around: Circumstances;
  /** When reloads may happen at the earliest, seen from this time. */
  readonly windowOpensAt: (from: EpochMillis) => EpochMillis;
  /** Of this leafd: see `chanceOf`. */
  readonly seed: string;
}

/** Some tries with each issuer, the reserve and the end take a few dozen; this bounds what nobody has thought of. */
const MOST_STEPS = 3000;

/** In the order of time; empty while the disk has not been read. */
export function foresee(state: ServiceState, outlook: Outlook): readonly Foreseen[] {
  if (!state.recovered) return [];
  const play = new Play(state, outlook);
  for (let step = 0; step < MOST_STEPS; step += 1) if (!play.goOn()) return play.foreseen;
  play.note({ kind: "cut" });
  return play.foreseen;
}

/** The time is that of the play. */
type Untimed = Foreseen extends infer F ? (F extends Foreseen ? Omit<F, "at"> : never) : never;

class Play {
  readonly foreseen: Foreseen[] = [];
  readonly #outlook: Outlook;
  readonly #issuers: AwayIssuers;
  /** Who was asked since the pair was published. */
  readonly #asked = new Set<string>();
  #state: ServiceState;
  #now: EpochMillis;
  /** What time alone brings about. */
  #ahead: readonly Foreseen[];

  constructor(state: ServiceState, outlook: Outlook) {
    const { now, circuit } = outlook.around;
    this.#state = state;
    this.#outlook = outlook;
    this.#issuers = new AwayIssuers(circuit);
    this.#now = now;
    this.#ahead = milestones(state, now);
  }

  /** The next step; false when nothing more would happen. */
  goOn(): boolean {
    const { around, windowOpensAt } = this.#outlook;
    const now = this.#now;
    const circuit = (issuer: string) => this.#issuers.circuit(issuer);
    const then = { ...around, now, circuit, windowOpensAt: windowOpensAt(now) };
    const decision = decide(this.#state, then, { only: actsOf(this.#state) });
    if (decision.kind !== "wait") return this.#carryOut(decision);
    this.foreseen.push(...this.#ahead.filter(({ at }) => at <= decision.until));
    this.#ahead = this.#ahead.filter(({ at }) => at > decision.until);
    this.#now = decision.until;
    return Number.isFinite(decision.until);
  }

  note(what: Untimed): void {
    this.foreseen.push({ at: this.#now, ...what });
  }

  #carryOut(act: Act): boolean {
    const { current, reserve } = this.#state;
    if (act.kind === "issue") this.#ask(act);
    else if (act.kind === "reserve") this.#askForReserve();
    else if (act.kind === "use_reserve" && reserve !== undefined) this.#useReserve(reserve);
    else if (current === undefined)
      return false; // The others are about the pair in use.
    else if (act.kind === "republish") this.#republish(act.cause, current);
    else if (act.kind === "reload") this.#deliver(current);
    else if (act.kind === "confirm") this.#confirm(current);
    else if (act.kind === "expire") this.#expire(current);
    else return false;
    return true;
  }

  #ask({ issuer, cause }: Act & { kind: "issue" }): void {
    const { issuerTroubles, rotationTrouble } = this.#state;
    if (!this.#asked.has(issuer)) this.note({ kind: "asked", issuer, cause });
    this.#asked.add(issuer);
    const trouble = issuerTroubles[issuer];
    const { reason, opens } = this.#issuers.ask(issuer, { at: this.#now, trouble: trouble?.reason });
    if (opens) this.note({ kind: "away", issuer });
    const retryAt = this.#retryAt("rotation", { reason, count: (trouble?.failures ?? 0) + 1 });
    const failures = (rotationTrouble?.failures ?? 0) + 1;
    this.#take({ kind: "rotation_failed", cause, stage: "issue", issuer, reason, message: "", failures, retryAt });
  }

  #askForReserve(): void {
    const { outage } = this.#outlook.around.spec;
    const { name: issuer = "" } = outage.reserve?.issuer ?? {};
    const { reserveTrouble: trouble } = this.#state;
    const { reason, opens } = this.#issuers.ask(issuer, { at: this.#now, trouble: trouble?.reason });
    if (opens) this.note({ kind: "away", issuer });
    const failures = (trouble?.failures ?? 0) + 1;
    const retryAt = this.#retryAt("reserve", { reason, count: failures });
    this.#take({ kind: "reserve_failed", issuer, reason, message: "", failures, retryAt });
  }

  #useReserve(leaf: LeafFacts): void {
    this.note({ kind: "reserve_used", notAfter: leaf.notAfter });
    this.#asked.clear();
    this.#take({ kind: "published", cause: "reserve_used", leaf, took: 0, ...this.#owed() });
  }

  #republish(cause: Cause, leaf: LeafFacts): void {
    this.note({ kind: "republished", cause });
    this.#take({ kind: "published", cause, leaf, took: 0, ...this.#owed() });
  }

  #deliver({ generation, serial }: LeafFacts): void {
    this.note({ kind: "reloaded" });
    const isProbed = this.#outlook.around.spec.probes.length > 0;
    this.#take({ kind: "delivered", generation, serial, ...(isProbed && { proofOwed: true }) });
  }

  #confirm({ generation, serial }: LeafFacts): void {
    this.#take({ kind: "confirmed", generation, serial, took: 0, endpoints: this.#outlook.around.spec.probes.length });
  }

  #expire({ generation, notAfter }: LeafFacts): void {
    const action = this.#outlook.around.spec.outage.atExpiry.kind;
    this.note({ kind: "expired", action });
    this.#take({ kind: "expired", generation, notAfter, action });
  }

  /** What is owed to the dependents once a pair is published. */
  #owed() {
    const { reload, probes } = this.#outlook.around.spec;
    if (reload.length > 0) return { reloadOwed: true };
    return { reloadOwed: false, ...(probes.length > 0 && { proofOwed: true as const }) };
  }

  #retryAt(what: string, failure: Failure): EpochMillis {
    const { seed, around } = this.#outlook;
    const { serial = "", notAfter = this.#now } = this.#state.current ?? {};
    const chance = chanceOf({ what, seed, service: around.spec.name, serial, count: failure.count });
    return this.#now + retryDelay(failure, notAfter - this.#now, chance);
  }

  #take(said: Said): void {
    this.#state = evolve(this.#state, { ...said, at: this.#now, service: this.#outlook.around.spec.name });
  }
}

function milestones(state: ServiceState, now: EpochMillis): readonly Foreseen[] {
  const { current } = state;
  const pause = isPaused(state, now) ? [{ kind: "pause_over", at: state.pausedUntil } as const] : [];
  const due = current !== undefined && current.due > now ? [{ kind: "due", at: current.due } as const] : [];
  return [...pause, ...due].sort((a, b) => a.at - b.at);
}

const ACTS = ["recover", "issue", "republish", "use_reserve", "reserve", "reload", "expire"] as const;
const WITHOUT_LOOKS: ReadonlySet<Act["kind"]> = new Set(ACTS);
const WITH_LOOKS: ReadonlySet<Act["kind"]> = new Set([...ACTS, "confirm"]);

/** A revocation, and a look now and then at what was seen to be live, change nothing else, and would be played for ever. */
function actsOf({ proofOwed }: ServiceState): ReadonlySet<Act["kind"]> {
  return proofOwed === undefined ? WITHOUT_LOOKS : WITH_LOOKS;
}
