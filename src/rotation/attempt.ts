import type { Act } from "../domain/act.ts";
import { reloadRetryDelay, retryDelay } from "../domain/backoff.ts";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Cause } from "../domain/events.ts";
import { requestHash } from "../domain/request.ts";
import { inUseUntil, type ServiceState } from "../domain/state.ts";
import { deliver } from "./deliver.ts";
import { type Carry, failureOf, type Job } from "./job.ts";
import type { Issuer } from "./ports.ts";
import { checkSwapped } from "./pre-reload.ts";
import { republish } from "./publish.ts";
import { takeBack } from "./refused.ts";
import { ReloadStepError } from "./reload-queue.ts";
import { publishReserve, renewReserve, reserveSpec } from "./reserve.ts";
import { rotate } from "./rotate.ts";
import type { RunnerOptions } from "./runner-options.ts";

interface AttemptOptions extends RunnerOptions {
  readonly job: (cause: Cause, issuer?: Issuer) => Job;
  readonly state: () => ServiceState;
  /** In [0, 1), see `ServiceRunner`. */
  readonly chance: (what: string, count: number) => number;
}

interface Passage {
  readonly issuer: Issuer;
  /** See `Gate`. */
  readonly urgency: number;
}

/**
 * Tries of one service to get, publish or deliver a pair. What goes wrong becomes an event with the time of the next
 * try; only the abort of the signal is thrown.
 */
export class Attempts {
  readonly #options: AttemptOptions;
  /** Of the reserve, which is another pair than the one that is served. */
  readonly #reserveCarry: Carry = { unpublished: undefined, accepted: undefined };

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Asks one issuer, when its circuit and a free place let it. */
  async issue({ cause, issuer: name }: Act & { kind: "issue" }, signal: AbortSignal): Promise<void> {
    const issuer = this.#options.issuers.find((each) => each.name === name);
    if (issuer === undefined) return;
    const { current } = this.#options.state();
    const work = () => this.#try(this.#options.job(cause, issuer), rotate, signal);
    // Who ends first goes first; who has nothing goes before everybody.
    await this.#through({ issuer, urgency: current?.notAfter ?? 0 }, work, signal);
  }

  republish(cause: Cause, signal: AbortSignal): Promise<void> {
    return this.#try(this.#options.job(cause), (job) => republish(job, cause), signal);
  }

  useReserve(signal: AbortSignal): Promise<void> {
    const { reserveIssuer, job } = this.#options;
    return this.#try({ ...job("reserve_used", reserveIssuer), rung: "reserve" }, publishReserve, signal);
  }

  async renewReserve(signal: AbortSignal): Promise<void> {
    const { reserveIssuer: issuer, ports, state, job: jobFor } = this.#options;
    if (issuer === undefined) return;
    const { current: _, ...others } = state();
    const { reserve } = others;
    const spec = reserveSpec(this.#options.spec, ports.heldDirectory);
    const isAsked = reserve === undefined || reserve.requestHash === requestHash(spec.request, issuer.identity);
    const job: Job = {
      ...jobFor(isAsked ? "renewal_due" : "request_changed", issuer),
      spec,
      rung: "reserve",
      state: reserve === undefined ? others : { ...others, current: reserve },
      carry: this.#reserveCarry,
    };
    // The last place in the budget is kept for the pair itself: a reserve that gains nothing must not hold it up.
    const work = () => renewReserve({ ...job, budget: job.budget - 1 }, signal);
    // A reserve is for later: whoever needs a pair goes first.
    const last = { issuer, urgency: Number.POSITIVE_INFINITY };
    await this.#through(last, () => work().catch((thrown) => this.#reserveFailed(job, thrown, signal)), signal);
  }

  /** Tells the dependents. */
  async deliver(signal: AbortSignal): Promise<void> {
    const { state, spec, reloads, ports } = this.#options;
    const { current, force } = state();
    const servedUntil = inUseUntil(state());
    if (current === undefined) return;
    const job = this.#options.job("reload_owed");
    const now = ports.clock.now();
    const opensAt = force ? now : ports.windows.opensAt(spec.windows, now);
    if (opensAt > now) job.say({ kind: "window_yielded", opensAt, ...(servedUntil && { servedUntil }) });
    try {
      await deliver({ job, current, reloads }, signal);
      const { generation, serial } = current;
      job.say({ kind: "delivered", generation, serial, ...(spec.probes.length > 0 && { proofOwed: true }) });
    } catch (thrown) {
      signal.throwIfAborted();
      await this.#undelivered(job, thrown, signal);
    }
  }

  /** Has the dependent's own check judge the pair that was swapped in. */
  async check(signal: AbortSignal): Promise<void> {
    const { current } = this.#options.state();
    if (current === undefined) return;
    const job = this.#options.job("reload_owed");
    try {
      await checkSwapped(job, current.generation, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toLeafdError(thrown);
      if (!(await this.#takeBack(job, error, signal))) job.say({ kind: "pair_warning", message: error.message });
    }
  }

  /** Old generations that stay are a matter of space: what is published is published. */
  async sweep(): Promise<void> {
    const { ports, spec, job } = this.#options;
    const { say } = job("damaged");
    try {
      const count = await ports.store.sweep(spec.output);
      if (count > 0) say({ kind: "leftovers_removed", count });
    } catch (thrown) {
      say({ kind: "pair_warning", message: `old generations stay: ${toLeafdError(thrown).message}` });
    }
  }

  failed(job: Job, thrown: unknown, signal: AbortSignal): void {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const { rotationTrouble, issuerTroubles } = this.#options.state();
    const failures = (rotationTrouble?.failures ?? 0) + 1;
    const { cause, stage } = job;
    const isOfTheIssuer = stage === "issue" || stage === "verify";
    const count = isOfTheIssuer ? (issuerTroubles[job.issuer.name]?.failures ?? 0) + 1 : failures;
    const retryAt = this.#retryAt(error, count, "rotation");
    job.say({ kind: "rotation_failed", cause, stage, issuer: job.issuer.name, ...fields, failures, retryAt });
  }

  /** Through the circuit and the gate of an issuer; nothing happens when the circuit lets another service try first. */
  async #through({ issuer, urgency }: Passage, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { circuits, gate, spec, state } = this.#options;
    if (!state().force && !circuits.enter(issuer.name, spec.name)) return;
    try {
      await gate(issuer.name).pass(urgency, work, signal);
    } finally {
      circuits.leave(issuer.name, spec.name);
    }
  }

  async #try(job: Job, work: (job: Job, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const attempt = (this.#options.state().rotationTrouble?.failures ?? 0) + 1;
    job.say({ kind: "rotation_started", cause: job.cause, issuer: job.issuer.name, attempt });
    try {
      await work(job, signal);
      await this.sweep();
    } catch (thrown) {
      this.failed(job, thrown, signal);
    }
  }

  #reserveFailed(job: Job, thrown: unknown, signal: AbortSignal): void {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const failures = (this.#options.state().reserveTrouble?.failures ?? 0) + 1;
    const retryAt = this.#retryAt(error, failures, "reserve");
    job.say({ kind: "reserve_failed", issuer: job.issuer.name, ...fields, failures, retryAt });
  }

  #retryAt({ reason, retryAfter }: LeafdError, count: number, what: string): number {
    const { ports, state, chance } = this.#options;
    const now = ports.clock.now();
    const remaining = (state().current?.notAfter ?? now) - now;
    return now + retryDelay({ reason, count, retryAfter }, remaining, chance(what, count));
  }

  /** A pair that only this dependent refuses is taken back, where the one before is worth it. */
  async #undelivered(job: Job, thrown: unknown, signal: AbortSignal): Promise<void> {
    const { spec, ports, state, chance } = this.#options;
    const { error, fields } = failureOf(thrown);
    if (await this.#takeBack(job, error, signal)) return;
    const failures = (state().reloadTrouble?.failures ?? 0) + 1;
    const retryAt = ports.clock.now() + reloadRetryDelay(failures, chance("reload", failures));
    // What is no step's fault is the hook's as a whole, or that of the record, which could not be written.
    const fallback = { method: spec.reload[0]?.kind ?? "touch", target: spec.output.directory };
    const { method, target } = thrown instanceof ReloadStepError ? thrown : fallback;
    job.say({ kind: "reload_failed", method, target, ...fields, failures, retryAt });
  }

  async #takeBack(job: Job, error: LeafdError, signal: AbortSignal): Promise<boolean> {
    if (error.reason !== "dependent_refused" || !(await takeBack(job, error))) return false;
    job.stage = "reload";
    this.failed(job, error, signal);
    return true;
  }
}
