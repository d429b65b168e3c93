import type { Act, Decision } from "../domain/act.ts";
import { budgetOf } from "../domain/budget.ts";
import { decide } from "../domain/decide.ts";
import type { Cause, Said, ServiceEvent } from "../domain/events.ts";
import { evolve } from "../domain/evolve.ts";
import { type Explanation, explainService } from "../domain/explain.ts";
import type { Circumstances } from "../domain/ladder.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { INITIAL_STATE, type ServiceState } from "../domain/state.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import { attempt } from "./attempt.ts";
import { isAsPublished } from "./audit.ts";
import { confirm } from "./confirm.ts";
import { checkPublished, deliver, type Telling } from "./deliver.ts";
import { expire } from "./expire.ts";
import type { Carry, Job, Work } from "./job.ts";
import type { Issuer } from "./ports.ts";
import type { Verdict } from "./pre-reload.ts";
import { republish } from "./publish.ts";
import { recover } from "./recover.ts";
import { publishReserve, renewReserve } from "./reserve.ts";
import { RevocationWatch } from "./revocation-watch.ts";
import { revoke } from "./revoke.ts";
import { rotate } from "./rotate.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { workOn } from "./work.ts";

/** A wall clock that is set back by less makes nobody wait for long. */
const SHORT: Millis = SECOND;

/**
 * One service: its state, and the one place that carries decisions out. Failures become events; what `carryOut`
 * rejects with is only the abort of its signal.
 */
export class ServiceRunner {
  readonly spec: ServiceSpec;
  readonly #options: RunnerOptions;
  readonly #carry: Carry = { unpublished: undefined };
  /** Of the reserve, which is another pair than the one that is served. */
  readonly #reserveCarry: Carry = { unpublished: undefined };
  readonly #verdict: Verdict = { accepted: undefined };
  readonly #revocations: RevocationWatch;
  #state: ServiceState = INITIAL_STATE;
  #decidedAt: EpochMillis = Number.NEGATIVE_INFINITY;

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    this.#options = options;
    this.#revocations = new RevocationWatch(options.ports.clock);
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** What decisions rest on besides the state. */
  get circumstances(): Circumstances {
    const { ports, circuits } = this.#options;
    const now = ports.clock.now();
    return {
      now,
      spec: this.spec,
      circuit: (issuer) => circuits.of(issuer),
      windowOpensAt: ports.windows.opensAt(this.spec.windows, now),
    };
  }

  /** Why it is as it is, what comes next, and what an outage from now on would bring. */
  explain(): Explanation {
    const { windows, skew, ledger, seed } = this.#options.ports;
    return explainService(this.#state, {
      around: this.circumstances,
      windowOpensAt: (from) => windows.opensAt(this.spec.windows, from),
      seed,
      skew: skew(),
      issued: ledger.recent(this.spec.name),
    });
  }

  /** What is next, now; of these acts, where only they are wanted. A clock that was set back since is noted before. */
  decide(only?: ReadonlySet<Act["kind"]>): Decision {
    const around = this.circumstances;
    if (around.now < this.#decidedAt - SHORT) this.clockChanged();
    this.#decidedAt = around.now;
    return decide(this.#state, around, only && { only });
  }

  /** The clock has been set: what was reckoned by the one before means nothing. */
  clockChanged(): void {
    this.#decidedAt = Number.NEGATIVE_INFINITY;
    this.say({ kind: "clock_changed" });
  }

  /** Makes something known that happened to this service. */
  say(said: Said): void {
    this.take({ ...said, service: this.spec.name, at: this.#options.ports.clock.now() });
  }

  /** Folds an event of this service into its state and passes it on. */
  take(event: ServiceEvent): void {
    this.#state = evolve(this.#state, event);
    this.#options.emit(event);
  }

  /** Does what was decided; a `wait` is the caller's business. */
  async carryOut(act: Act, signal: AbortSignal): Promise<void> {
    switch (act.kind) {
      case "recover":
        return this.#recover(signal);
      case "issue":
        return this.#issue(act, signal);
      case "republish":
        return attempt(this.#job(act.cause), (job) => republish(job, act.cause), signal);
      case "use_reserve":
        return this.#useReserve(signal);
      case "reserve":
        return this.#renewReserve(signal);
      case "reload":
        return deliver(this.#telling(), signal);
      case "confirm":
        return confirm(this.#work(), signal);
      case "revoke":
        return revoke(this.#work(), signal);
      case "expire":
        return expire(this.#telling(), signal);
      default:
        return act satisfies never;
    }
  }

  /**
   * Looks whether the disk still holds what was published, and whether that is still what should be: somebody may have
   * edited, chmodded or deleted it, or changed the file of trust anchors. Now and then also whether the issuer has
   * taken it back.
   */
  async audit(signal: AbortSignal): Promise<void> {
    const { current, outdated } = this.#state;
    if (current === undefined || outdated !== undefined) return;
    const work = this.#work();
    if (!(await isAsPublished(work, current))) return this.#recover(signal);
    if (!(await this.#revocations.isRevoked(work, current, signal))) return;
    this.say({ kind: "pair_warning", message: `${current.issuer} has revoked the certificate ${current.serial}` });
    this.say({ kind: "outdated", cause: "revoked" });
  }

  #recover(signal: AbortSignal): Promise<void> {
    const { pace = 0, movedFrom } = this.#options;
    return recover({ ...this.#work(), pace, ...(movedFrom && { movedFrom }) }, signal);
  }

  async #issue({ cause, issuer: name }: Act & { kind: "issue" }, signal: AbortSignal): Promise<void> {
    const issuer = this.#options.issuers.find((each) => each.name === name);
    if (issuer === undefined) return;
    const { current: before, force } = this.#state;
    // Who ends first goes first; who has nothing goes before everybody.
    const passage = { issuer: name, urgency: before?.notAfter ?? 0, force };
    await this.#options.pass(passage, () => attempt(this.#job(cause, issuer), rotate, signal), signal);
    const isSwapped = this.#state.current?.generation !== before?.generation;
    if (isSwapped && this.decide().kind !== "reload") await checkPublished(this.#telling(), signal);
  }

  #useReserve(signal: AbortSignal): Promise<void> {
    const job = this.#job("reserve_used", this.#options.reserveIssuer);
    return attempt({ ...job, rung: "reserve" }, publishReserve, signal);
  }

  async #renewReserve(signal: AbortSignal): Promise<void> {
    const { reserveIssuer: issuer, pass } = this.#options;
    if (issuer === undefined) return;
    // A reserve is for later: whoever needs a pair goes first.
    const passage = { issuer: issuer.name, urgency: Number.POSITIVE_INFINITY, force: this.#state.force };
    const job = { ...this.#job("renewal_due", issuer), carry: this.#reserveCarry };
    await pass(passage, () => renewReserve(job, signal), signal);
  }

  #work(): Work {
    return workOn(this.#options, { latest: () => this.#state, say: (said) => this.say(said) });
  }

  #telling(): Telling {
    return { ...this.#work(), reloads: this.#options.reloads, verdict: this.#verdict };
  }

  #job(cause: Cause, issuer: Issuer = this.#options.issuers[0]): Job {
    const { issuers, circuits } = this.#options;
    return {
      ...this.#work(),
      cause,
      issuer,
      rung: issuer === issuers[0] ? "primary" : "failover",
      report: (outcome) => circuits.report(issuer, outcome),
      budget: budgetOf(this.spec, this.#state),
      carry: this.#carry,
      stage: "preflight",
    };
  }
}
