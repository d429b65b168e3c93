import { toLeafdError } from "../domain/errors.ts";
import type { RotationEvent } from "../domain/events.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { issuingCaEnds } from "../domain/status/authority-ends.ts";
import { type IssuerStatus, issuerStatus } from "../domain/status.ts";
import { MINUTE, type Millis, SECOND } from "../domain/units.ts";
import { Agenda } from "./agenda.ts";
import { type Changes, changeClasses, issuersByName, turnover } from "./changes.ts";
import { Crew, type CrewOptions, type Start } from "./crew.ts";
import { FirstLook } from "./first-look.ts";
import { Gate } from "./gate.ts";
import { Interruption } from "./interruption.ts";
import type { ServiceRunner } from "./runner.ts";
import { serviceLoop } from "./service-loop.ts";

/** Replacements that one change of configuration asks for: one a second, all within five minutes. */
function paceOf(services: number): Millis {
  return Math.min(5 * MINUTE, services * SECOND);
}

interface Running {
  readonly runner: ServiceRunner;
  readonly stop: AbortController;
  readonly interruption: Interruption;
  readonly done: Promise<void>;
}

/**
 * One loop a service. Loops share the timer, the reload queue and the gate towards each cluster; one that fails does
 * not touch the others.
 */
export class Supervisor {
  readonly agenda: Agenda;
  readonly #options: CrewOptions;
  readonly #crew: Crew;
  readonly #recoveries = new Gate(8);
  readonly #running = new Map<string, Running>();
  #firstLook: FirstLook | undefined;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.agenda = new Agenda(options.ports.clock);
    this.#crew = new Crew({
      ...options,
      route: (event) => this.#route(event),
      runners: () => [...this.#running.values()].map(({ runner }) => runner),
      wake: (name) => this.agenda.wake(name),
    });
  }

  /** The services in the order of their names, with what is known of each. */
  services(): readonly ServiceRunner[] {
    return [...this.#running.values()].map(({ runner }) => runner).sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  }

  /** The circuits of all issuers that a service may ask. */
  issuers(): readonly IssuerStatus[] {
    const services = this.services();
    const ends = issuingCaEnds(services.map(({ state }) => state));
    return [...issuersByName(services.map(({ spec }) => spec)).values()].map(({ name, cluster }) =>
      issuerStatus({ name, cluster, ...ends.get(name) }, this.#crew.circuits.of(name)),
    );
  }

  runner(name: string): ServiceRunner | undefined {
    return this.#running.get(name)?.runner;
  }

  /** Ends what is being done for this service, at a point where the disk is whole, and has it decide anew. */
  interrupt(name: string): void {
    this.#running.get(name)?.interruption.raise();
    this.agenda.wake(name);
  }

  /**
   * Makes the running services those of a new configuration. Those that did not change are not touched; one that did
   * ends what it is doing and begins again from the disk, which costs a certificate only when the request is another.
   */
  async apply(specs: readonly ServiceSpec[], replaced: ReadonlySet<string> = new Set()): Promise<Changes> {
    const before = this.services().map(({ spec }) => spec);
    const { gone, changed, fresh, issuers } = turnover(before, specs, replaced);
    await Promise.all(gone.map(({ name }) => this.#remove(name)));
    for (const issuer of issuers) this.#crew.circuits.forget(issuer);
    await Promise.all(changed.map((spec) => this.#replace(spec, paceOf(changed.length))));
    const added = fresh.map((spec) => this.#start(spec, { pace: paceOf(fresh.length) }));
    this.#firstLook ??= this.#look(added);
    for (const runner of added) runner.say({ kind: "service_added" });
    return { added: fresh.length, changed: changed.length, removed: gone.length };
  }

  /** Resolves when the disks of the services of the first configuration have all been read. Never before `apply`. */
  get looked(): Promise<void> {
    return this.#firstLook?.done ?? Promise.reject(new Error("no configuration has been applied"));
  }

  #look(runners: readonly ServiceRunner[]): FirstLook {
    const { ports, suspect = () => undefined } = this.#options;
    return new FirstLook({ runners, now: () => ports.clock.now(), suspect });
  }

  /** The clock is another than before: everybody decides anew. */
  clockChanged(): void {
    this.#crew.clockChanged();
  }

  /** Runs until the signal aborts; then ends every loop, each at a point where the disk is whole. */
  async run(signal: AbortSignal): Promise<void> {
    await this.agenda.run(signal);
    await Promise.all([...this.#running.keys()].map((name) => this.#halt(name)));
    this.close();
  }

  /** Ends what looks after the issuers. */
  close(): void {
    this.#crew.circuits.close();
  }

  /** Events of the reload queue change the state of their service like any other. */
  #route(event: RotationEvent): void {
    const runner = "service" in event ? this.runner(event.service) : undefined;
    if (runner === undefined || !("service" in event)) this.#options.emit(event);
    else runner.take(event);
  }

  /** Makes the services known without beginning their loops: whoever asks works on them himself. */
  prepare(specs: readonly ServiceSpec[]): readonly ServiceRunner[] {
    return specs.map((spec) => {
      const runner = this.#crew.runner(spec);
      const stop = new AbortController();
      const interruption = new Interruption(stop.signal);
      this.#running.set(spec.name, { runner, stop, interruption, done: Promise.resolve() });
      return runner;
    });
  }

  #start(spec: ServiceSpec, start: Start): ServiceRunner {
    const runner = this.#crew.runner(spec, start);
    const stop = new AbortController();
    const interruption = new Interruption(stop.signal);
    const { ports, pauses } = this.#options;
    const around = { agenda: this.agenda, clock: ports.clock, pauses, recoveries: this.#recoveries, interruption };
    // The loop begins in the next turn, so that `service_added` is the first thing that is said of a service.
    const done = Promise.resolve().then(() =>
      serviceLoop(runner, { ...around, firstLook: this.#firstLook ?? this.#look([]) }, stop.signal),
    );
    this.#running.set(spec.name, { runner, stop, interruption, done });
    return runner;
  }

  async #halt(name: string): Promise<void> {
    const found = this.#running.get(name);
    found?.stop.abort();
    await found?.done;
  }

  async #remove(name: string): Promise<void> {
    await this.#halt(name);
    const { runner } = this.#running.get(name) ?? {};
    this.#firstLook?.forget(name);
    runner?.say({ kind: "service_removed" });
    this.#running.delete(name);
    // The files stay: whoever took the service out of the configuration may still be serving with them.
    if (runner !== undefined) await this.#release(runner.spec);
  }

  async #replace(spec: ServiceSpec, pace: Millis): Promise<void> {
    await this.#halt(spec.name);
    const before = this.runner(spec.name)?.spec;
    this.#running.delete(spec.name);
    const isMoved = before !== undefined && before.output.directory !== spec.output.directory;
    const runner = this.#start(spec, { pace, ...(isMoved ? { movedFrom: before.output } : {}) });
    if (before !== undefined) runner.say({ kind: "service_changed", classes: changeClasses(before, spec) });
    if (isMoved) await this.#release(before);
  }

  /** A claim that cannot be given back is in nobody's way but that of another leafd, which will say so. */
  async #release({ name, output }: ServiceSpec): Promise<void> {
    const { ports, emit } = this.#options;
    try {
      await ports.store.release(output);
    } catch (thrown) {
      const { reason, message } = toLeafdError(thrown);
      emit({ kind: "warning", at: ports.clock.now(), subject: name, reason, message });
    }
  }
}
