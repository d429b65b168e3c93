import { reloadRetryDelay, retryDelay } from "../domain/backoff.ts";
import { type Decision, decide } from "../domain/decide.ts";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Cause, ServiceEvent } from "../domain/events.ts";
import { fraction } from "../domain/schedule.ts";
import type { OutputSpec, ServiceSpec } from "../domain/spec.ts";
import { evolve, INITIAL_STATE, type ServiceState } from "../domain/state.ts";
import type { Millis } from "../domain/units.ts";
import { isAsPublished } from "./audit.ts";
import { deliver } from "./deliver.ts";
import type { Gate } from "./gate.ts";
import { failureOf, type Job, type Ports, type Said, type Signed } from "./job.ts";
import type { Emit, Issuer } from "./ports.ts";
import { republish } from "./publish.ts";
import { recover } from "./recover.ts";
import { type ReloadQueue, ReloadStepError } from "./reload-queue.ts";
import { rotate } from "./rotate.ts";

interface RunnerOptions {
  readonly spec: ServiceSpec;
  readonly issuer: Issuer;
  readonly ports: Ports;
  /** Towards the cluster of the issuer. */
  readonly gate: Gate;
  readonly reloads: ReloadQueue;
  readonly emit: Emit;
  /** See `Job`. */
  readonly pace?: Millis;
  readonly movedFrom?: OutputSpec;
}

/**
 * One service: its state, and the one place that carries decisions out. Failures become events; what `carryOut`
 * rejects with is only the abort of its signal.
 */
export class ServiceRunner {
  readonly spec: ServiceSpec;
  readonly #options: RunnerOptions;
  readonly #carry: { unpublished: Signed | undefined } = { unpublished: undefined };
  #state: ServiceState = INITIAL_STATE;

  constructor(options: RunnerOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** What is next, now. */
  decide(): Decision {
    return decide(this.#state, this.#options.ports.clock.now());
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
  async carryOut(decision: Exclude<Decision, { kind: "wait" }>, signal: AbortSignal): Promise<void> {
    switch (decision.kind) {
      case "recover":
        return this.#recover(signal);
      case "issue":
        return this.#options.gate.pass(this.#urgency(), () => this.#attempt(decision.cause, signal, rotate), signal);
      case "republish":
        return this.#attempt(decision.cause, signal, (job) => republish(job, decision.cause));
      case "reload":
        return this.#deliver(signal);
      default:
        return decision satisfies never;
    }
  }

  /**
   * Looks whether the disk still holds what was published, and whether that is still what should be: somebody may have
   * edited, chmodded or deleted it, or changed the file of trust anchors.
   */
  async audit(signal: AbortSignal): Promise<void> {
    const { current, outdated } = this.#state;
    const { issuer, ports } = this.#options;
    if (current === undefined || outdated !== undefined) return;
    if (!(await isAsPublished({ output: this.spec.output, issuer, ports, current }))) await this.#recover(signal);
  }

  /** Who ends first goes first; who has nothing goes before everybody. */
  #urgency(): number {
    return this.#state.current?.notAfter ?? 0;
  }

  #job(cause: Cause): Job {
    const { spec, issuer, ports, pace = 0, movedFrom } = this.#options;
    const say = (said: Said): void => this.say(said);
    const job = {
      spec,
      issuer,
      ports,
      cause,
      state: this.#state,
      say,
      carry: this.#carry,
      stage: "preflight" as const,
    };
    return { ...job, pace, ...(movedFrom === undefined ? {} : { movedFrom }) };
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
        .then(() => this.#sweep())
        .catch(failed);
    if (failures[0] !== undefined) this.#failed(job, failures[0], signal);
  }

  async #sweep(): Promise<void> {
    try {
      const count = await this.#options.ports.store.sweep(this.spec.output);
      if (count > 0) this.say({ kind: "leftovers_removed", count });
    } catch (thrown) {
      // What is published is published: old generations that stay are a matter of space.
      this.say({ kind: "pair_warning", message: `old generations stay: ${toLeafdError(thrown).message}` });
    }
  }

  async #attempt(
    cause: Cause,
    signal: AbortSignal,
    work: (job: Job, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const job = this.#job(cause);
    const attempt = (this.#state.rotationTrouble?.failures ?? 0) + 1;
    this.say({ kind: "rotation_started", cause, issuer: job.issuer.name, attempt });
    try {
      await work(job, signal);
      await this.#sweep();
    } catch (thrown) {
      this.#failed(job, thrown, signal);
    }
  }

  #failed(job: Job, thrown: unknown, signal: AbortSignal): void {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const failures = (this.#state.rotationTrouble?.failures ?? 0) + 1;
    const now = job.ports.clock.now();
    const remaining = (this.#state.current?.notAfter ?? now) - now;
    const failure = { reason: error.reason, count: failures, retryAfter: error.retryAfter };
    const retryAt = now + retryDelay(failure, remaining, this.#chance("rotation", failures));
    const { cause, stage } = job;
    this.say({ kind: "rotation_failed", cause, stage, issuer: job.issuer.name, ...fields, failures, retryAt });
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    const { ports, reloads } = this.#options;
    const { spec } = this;
    const state = this.#state;
    const { current } = state;
    if (current === undefined) return;
    try {
      await deliver({ spec, state, current, ports, reloads }, signal);
      this.say({ kind: "delivered", generation: current.generation, serial: current.serial });
    } catch (thrown) {
      signal.throwIfAborted();
      const { fields } = failureOf(thrown);
      const failures = (this.#state.reloadTrouble?.failures ?? 0) + 1;
      const retryAt = ports.clock.now() + reloadRetryDelay(failures, this.#chance("reload", failures));
      // What is no step's fault is the hook's as a whole, or that of the record, which could not be written.
      const fallback = { method: spec.reload[0]?.kind ?? "touch", target: spec.output.directory };
      const { method, target } = thrown instanceof ReloadStepError ? thrown : fallback;
      this.say({ kind: "reload_failed", method, target, ...fields, failures, retryAt });
    }
  }

  /** The luck of this try: its own for each service, instance and count, the same when a run is repeated. */
  #chance(what: string, count: number): number {
    return fraction(
      [what, this.#options.ports.seed, this.spec.name, this.#state.current?.serial ?? "", count].join("\0"),
    );
  }
}
