import type { Act, Decision } from "../domain/act.ts";
import { chanceOf } from "../domain/backoff.ts";
import { decide } from "../domain/decide.ts";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Cause, Said, ServiceEvent } from "../domain/events.ts";
import { evolve } from "../domain/evolve.ts";
import { type Explanation, explainService } from "../domain/explain.ts";
import type { Circumstances } from "../domain/ladder.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { INITIAL_STATE, type ServiceState } from "../domain/state.ts";
import { Attempts } from "./attempt.ts";
import { isAsPublished } from "./audit.ts";
import { confirm } from "./confirm.ts";
import { expire } from "./expire.ts";
import { budgetOf } from "./issue.ts";
import type { Carry, Job } from "./job.ts";
import type { Issuer } from "./ports.ts";
import { recover } from "./recover.ts";
import { recoverReserve } from "./reserve.ts";
import { RevocationWatch } from "./revocation-watch.ts";
import { revoke } from "./revoke.ts";
import type { RunnerOptions } from "./runner-options.ts";

/**
 * One service: its state, and the one place that carries decisions out. Failures become events; what `carryOut`
 * rejects with is only the abort of its signal.
 */
export class ServiceRunner {
  readonly spec: ServiceSpec;
  readonly #options: RunnerOptions;
  readonly #attempts: Attempts;
  readonly #carry: Carry = { unpublished: undefined, accepted: undefined };
  readonly #revocations: RevocationWatch;
  /** Also that of the reserve. */
  readonly #issuers: readonly Issuer[];
  /** Also those whose roots are in the trust bundle all the same. */
  readonly #authorities: readonly Issuer[];
  #state: ServiceState = INITIAL_STATE;

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    const { issuers, reserveIssuer, included = [] } = options;
    this.#options = options;
    this.#issuers = reserveIssuer === undefined ? issuers : [...issuers, reserveIssuer];
    this.#authorities = [...this.#issuers, ...included];
    this.#revocations = new RevocationWatch(options.ports.clock);
    this.#attempts = new Attempts({
      ...options,
      job: (cause, issuer) => this.#job(cause, issuer),
      chance: (what, count) => this.#chance(what, count),
      state: () => this.#state,
    });
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
      budget: budgetOf(this.spec, this.#state),
      issued: ledger.recent(this.spec.name),
    });
  }

  /** What is next, now. */
  decide(): Decision {
    return decide(this.#state, this.circumstances);
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
    const { current } = this.#state;
    const { reloads } = this.#options;
    const chance = (count: number): number => this.#chance(act.kind, count);
    switch (act.kind) {
      case "recover":
        return this.#recover(signal);
      case "issue":
        return this.#issue(act, signal);
      case "republish":
        return this.#attempts.republish(act.cause, signal);
      case "use_reserve":
        return this.#attempts.useReserve(signal);
      case "reserve":
        return this.#attempts.renewReserve(signal);
      case "reload":
        return this.#attempts.deliver(signal);
      case "confirm":
        return current && confirm({ job: this.#job("reload_owed"), current, chance }, signal);
      case "revoke":
        return revoke(this.#job("reload_owed"), chance, signal);
      case "expire":
        return current && expire({ job: this.#job("expired"), current, reloads, chance }, signal);
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
    const job = this.#job("damaged");
    if (!(await isAsPublished(job, current))) return this.#recover(signal);
    if (!(await this.#revocations.isRevoked(job, current, signal))) return;
    this.say({ kind: "pair_warning", message: `${current.issuer} has revoked the certificate ${current.serial}` });
    this.say({ kind: "outdated", cause: "revoked" });
  }

  /** A reload that is held back, or that nobody needs, is no reason to learn only later that a pair is refused. */
  async #issue(act: Act & { kind: "issue" }, signal: AbortSignal): Promise<void> {
    const { current: before } = this.#state;
    await this.#attempts.issue(act, signal);
    const isSwapped = this.#state.current?.generation !== before?.generation;
    if (isSwapped && this.decide().kind !== "reload") await this.#attempts.check(signal);
  }

  #job(cause: Cause, issuer: Issuer = this.#options.issuers[0]): Job {
    const { spec, ports, issuers, pace = 0, movedFrom } = this.#options;
    const first = this.#options.circuits.of(issuers[0].name);
    const why = this.#state.rotationTrouble?.reason ?? (first.kind === "closed" ? undefined : first.reason);
    return {
      spec,
      issuer,
      rung: issuer === issuers[0] ? "primary" : "failover",
      issuers: this.#issuers,
      authorities: this.#authorities,
      ports,
      cause,
      state: this.#state,
      ...(why && { why }),
      say: (said) => this.say(said),
      report: (outcome) => this.#options.circuits.report(issuer, outcome),
      carry: this.#carry,
      budget: budgetOf(spec, this.#state),
      pace,
      ...(movedFrom === undefined ? {} : { movedFrom }),
      stage: "preflight",
    };
  }

  /**
   * Claims the directory first, so that a second daemon is told now and not at its first renewal: what belongs to
   * another is not touched, not even to pay its reload. Any other trouble with the disk leaves the pair readable; what
   * fails after it is its consequence, and is not told as a failure of its own.
   */
  async #recover(signal: AbortSignal): Promise<void> {
    const job = this.#job("missing");
    const failures: LeafdError[] = [];
    const failed = (thrown: unknown) => failures.push(toLeafdError(thrown));
    await job.ports.store.preflight(this.spec.output, this.spec.name).catch(failed);
    if (failures[0]?.reason !== "target_foreign")
      await recover(job)
        .then(() => recoverReserve(job))
        .then(() => this.#attempts.sweep())
        .catch(failed);
    if (failures[0] !== undefined) this.#attempts.failed(job, failures[0], signal);
  }

  /** The luck of this try. */
  #chance(what: string, count: number): number {
    const { seed } = this.#options.ports;
    return chanceOf({ what, seed, service: this.spec.name, serial: this.#state.current?.serial ?? "", count });
  }
}
