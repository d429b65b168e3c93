import type { PauseRequest, RenewRequest, ResumeRequest, Selection, ServiceAnswer } from "../domain/operator.ts";
import { isPaused, type ServiceState } from "../domain/state.ts";
import { type EpochMillis, formatTime } from "../domain/units.ts";
import type { Clock, Pauses } from "./ports.ts";
import type { ServiceRunner } from "./runner.ts";
import type { Supervisor } from "./supervisor.ts";

interface OperatorOptions {
  readonly supervisor: Supervisor;
  readonly pauses: Pauses;
  readonly clock: Clock;
}

type Outcome = Omit<ServiceAnswer, "service">;

/** Carries out what an operator asks of the services, each on its own, and answers at once. */
export class Operator {
  readonly #options: OperatorOptions;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** Queues renewals. One that is paused is renewed by `force` alone; the pause goes on afterwards. */
  renew(request: RenewRequest): readonly ServiceAnswer[] {
    const { force } = request;
    return this.#each(request, (runner) => {
      const { state } = runner;
      if (isPaused(state, this.#options.clock.now()) && !force) {
        const message = `paused until ${formatTime(state.pausedUntil)}; resume it, or renew it with --force`;
        return { accepted: false, message };
      }
      runner.say({ kind: "renewal_requested", by: "operator", force });
      this.#options.supervisor.agenda.wake(runner.spec.name);
      return { accepted: true, message: "renewal queued" };
    });
  }

  /**
   * Holds services still, from now on: a rotation that is under way is left, and begins anew after the pause. A reload
   * that has begun is finished, since half of one is worse than either.
   */
  pause(request: PauseRequest): readonly ServiceAnswer[] {
    const { clock, pauses, supervisor } = this.#options;
    const until = clock.now() + request.duration;
    return this.#each(request, (runner) => {
      const { name } = runner.spec;
      const isReloading = runner.state.activity === "reload";
      pauses.pause(name, until);
      runner.say({ kind: "paused", until });
      if (!isReloading) supervisor.interrupt(name);
      const after = isReloading ? ", when the reload that is under way has ended" : "";
      const warning = priceOf(runner.state, until);
      const message = `paused until ${formatTime(until)}${after}`;
      return { accepted: true, message, ...(warning === undefined ? {} : { warning }) };
    });
  }

  /** Ends pauses before their time. Whoever is not paused is told so, and nothing is wrong with that. */
  resume(request: ResumeRequest): readonly ServiceAnswer[] {
    const { clock, pauses, supervisor } = this.#options;
    return this.#each(request, (runner) => {
      const { name } = runner.spec;
      if (!isPaused(runner.state, clock.now())) return { accepted: true, message: "was not paused" };
      pauses.resume(name);
      runner.say({ kind: "resumed", by: "operator" });
      supervisor.agenda.wake(name);
      return { accepted: true, message: "resumed" };
    });
  }

  #each(selection: Selection, carryOut: (runner: ServiceRunner) => Outcome): readonly ServiceAnswer[] {
    const { supervisor } = this.#options;
    const all = () => supervisor.services().map(({ spec }) => spec.name);
    const names = "all" in selection ? all() : new Set(selection.services);
    return [...names].map((service) => {
      const runner = supervisor.runner(service);
      const unknown = { accepted: false, message: "there is no such service" };
      return { service, ...(runner === undefined ? unknown : carryOut(runner)) };
    });
  }
}

/** What a service loses by a pause until then. */
function priceOf({ recovered, current }: ServiceState, until: EpochMillis): string | undefined {
  if (current === undefined) return recovered ? "it has no usable certificate, and gets none before then" : undefined;
  if (current.notAfter > until) return undefined;
  return `its certificate ends at ${formatTime(current.notAfter)}, within the pause`;
}
