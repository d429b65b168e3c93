import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Cause } from "../domain/events.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import type { Millis } from "../domain/units.ts";
import type { Clock, Emit, ReloadContext, Reloader } from "./ports.ts";

/** How long a batch waits for more requests. */
export interface GatherWindow {
  /** It begins when nobody has joined for this long, … */
  readonly quiet: Millis;
  /** … and at the latest this long after it was opened. */
  readonly most: Millis;
}

export interface BatchOptions {
  readonly reloader: Reloader;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly gather: GatherWindow;
}

/** What one service wants of a target. */
export interface ReloadRequest {
  readonly service: string;
  readonly directory: string;
  readonly cause: Cause;
}

interface Waiter {
  readonly request: ReloadRequest;
  readonly outcome: PromiseWithResolvers<void>;
}

/** The requests for one target that become one run: `gather` it, then `run` it. */
export class ReloadBatch {
  readonly #options: BatchOptions;
  readonly #target: string;
  readonly #opened: Millis;
  #joined: Millis;
  #step: ReloadStep;
  readonly #waiters = new Set<Waiter>();
  readonly #abandoned = new AbortController();
  readonly #over = Promise.withResolvers<void>();

  constructor(target: string, step: ReloadStep, options: BatchOptions) {
    this.#target = target;
    this.#step = step;
    this.#options = options;
    this.#opened = this.#joined = options.clock.monotonic();
  }

  /** Everybody who waited has left: it will not run, or is being stopped. */
  get abandoned(): boolean {
    return this.#abandoned.signal.aborted;
  }

  /**
   * Takes part and resolves when the run has succeeded. The step of the last one to join is the one that runs: its
   * configuration is the newest. An abort leaves; who leaves last waits until what was running has stopped.
   */
  async join(step: ReloadStep, request: ReloadRequest, signal: AbortSignal): Promise<void> {
    this.#step = step;
    this.#joined = this.#options.clock.monotonic();
    const waiter: Waiter = { request, outcome: Promise.withResolvers() };
    this.#waiters.add(waiter);
    const leave = (): void => this.#leave(waiter);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await waiter.outcome.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Waits until nobody has joined for the quiet time, or until all have left. */
  async gather(): Promise<void> {
    const { clock, gather } = this.#options;
    const left = (): Millis => Math.min(this.#joined + gather.quiet, this.#opened + gather.most) - clock.monotonic();
    try {
      while (left() > 0) await clock.sleep(left(), this.#abandoned.signal);
    } catch {
      // Abandoned: `run` finds nothing to do.
    }
  }

  /** Runs the step for all who wait and settles their requests. Never rejects. */
  async run(): Promise<void> {
    try {
      if (!this.abandoned) await this.#runStep();
      for (const { outcome } of this.#waiters) outcome.resolve();
    } catch (thrown) {
      for (const { outcome } of this.#waiters) outcome.reject(toLeafdError(thrown));
    } finally {
      this.#over.resolve();
    }
  }

  async #runStep(): Promise<void> {
    const { reloader, clock, emit } = this.#options;
    const about = { method: this.#step.kind, target: this.#target };
    const { services } = this.#context();
    for (const service of services) emit({ kind: "reload_started", at: clock.now(), service, ...about });
    const begun = clock.monotonic();
    const detail = await reloader.run(this.#step, this.#context(), this.#abandoned.signal);
    const took = clock.monotonic() - begun;
    for (const service of this.#context().services)
      emit({ kind: "reloaded", at: clock.now(), service, ...about, took, detail });
  }

  /** Those who wait now, each service once, sorted. */
  #context(): ReloadContext {
    const byService = new Map([...this.#waiters].map(({ request }) => [request.service, request]));
    const requests = [...byService.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
    return {
      services: requests.map(({ service }) => service),
      directories: requests.map(({ directory }) => directory),
      cause: [...new Set(requests.map(({ cause }) => cause))].join(" "),
    };
  }

  #leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    const cancelled = new LeafdError("cancelled", "the reload was stopped before it ended");
    if (this.#waiters.size > 0) return waiter.outcome.reject(cancelled);
    this.#abandoned.abort();
    void this.#over.promise.then(() => waiter.outcome.reject(cancelled));
  }
}
