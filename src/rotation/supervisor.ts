import { isDeepStrictEqual } from "node:util";
import { toLeafdError } from "../domain/errors.ts";
import type { RotationEvent } from "../domain/events.ts";
import type { IssuerSpec, OutputSpec, ServiceSpec } from "../domain/spec.ts";
import type { ServiceState } from "../domain/state.ts";
import { MINUTE, type Millis, SECOND } from "../domain/units.ts";
import { Agenda } from "./agenda.ts";
import { changeClasses } from "./changes.ts";
import { Gate } from "./gate.ts";
import type { Ports } from "./job.ts";
import type { Emit, Issuer, Reloader } from "./ports.ts";
import { createReloadQueue, type ReloadQueue } from "./reload-queue.ts";
import { ServiceRunner } from "./runner.ts";
import { serviceLoop } from "./service-loop.ts";

/** Replacements that one change of configuration asks for: one a second, all within five minutes. */
function paceOf(services: number): Millis {
  return Math.min(5 * MINUTE, services * SECOND);
}

interface SupervisorOptions {
  readonly ports: Ports;
  readonly reloader: Reloader;
  readonly emit: Emit;
  /** The issuer that a service's specification names, as it is configured now. */
  readonly issuerFor: (spec: IssuerSpec) => Issuer;
  /** How many rotations may go on at once towards this cluster. */
  readonly placesFor: (cluster: string) => number;
}

/** What a runner begins with besides its configuration. */
interface Start {
  readonly pace?: Millis;
  readonly movedFrom?: OutputSpec;
}

interface Running {
  readonly runner: ServiceRunner;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export interface Changes {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/**
 * One loop a service. Loops share the timer, the reload queue and the gate towards each cluster; one that fails does
 * not touch the others.
 */
export class Supervisor {
  readonly agenda: Agenda;
  readonly #options: SupervisorOptions;
  readonly #reloads: ReloadQueue;
  readonly #gates = new Map<string, Gate>();
  readonly #recoveries = new Gate(8);
  readonly #running = new Map<string, Running>();

  constructor(options: SupervisorOptions) {
    const { ports, reloader } = options;
    this.#options = options;
    this.agenda = new Agenda(ports.clock);
    this.#reloads = createReloadQueue({ reloader, clock: ports.clock, emit: (event) => this.#route(event) });
  }

  /** The services in the order of their names, with what is known of each. */
  services(): readonly { readonly spec: ServiceSpec; readonly state: ServiceState }[] {
    return [...this.#running.values()]
      .map(({ runner: { spec, state } }) => ({ spec, state }))
      .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  }

  runner(name: string): ServiceRunner | undefined {
    return this.#running.get(name)?.runner;
  }

  /** Asks for a new certificate for this service now. False: there is no such service. */
  renew(name: string): boolean {
    const found = this.#running.get(name);
    found?.runner.say({ kind: "renewal_requested", by: "operator" });
    this.agenda.wake(name);
    return found !== undefined;
  }

  /**
   * Makes the running services those of a new configuration. Those that did not change are not touched; one that did
   * ends what it is doing and begins again from the disk, which costs a certificate only when the request is another.
   */
  async apply(specs: readonly ServiceSpec[], replaced: ReadonlySet<string> = new Set()): Promise<Changes> {
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    const gone = [...this.#running.keys()].filter((name) => !wanted.has(name));
    const fresh = specs.filter((spec) => !this.#running.has(spec.name));
    const changed = specs.filter((spec) => {
      const old = this.#running.get(spec.name)?.runner.spec;
      return old !== undefined && (replaced.has(spec.issuers[0].cluster) || !isDeepStrictEqual(old, spec));
    });
    await Promise.all(gone.map((name) => this.#remove(name)));
    await Promise.all(changed.map((spec) => this.#replace(spec, paceOf(changed.length))));
    for (const spec of fresh) this.#start(spec, { pace: paceOf(fresh.length) }).say({ kind: "service_added" });
    return { added: fresh.length, changed: changed.length, removed: gone.length };
  }

  /** Runs until the signal aborts; then ends every loop, each at a point where the disk is whole. */
  async run(signal: AbortSignal): Promise<void> {
    await this.agenda.run(signal);
    await Promise.all([...this.#running.keys()].map((name) => this.#halt(name)));
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
      const runner = this.#create(spec);
      this.#running.set(spec.name, { runner, stop: new AbortController(), done: Promise.resolve() });
      return runner;
    });
  }

  #create(spec: ServiceSpec, start: Start = {}): ServiceRunner {
    const { ports, emit, issuerFor } = this.#options;
    const issuer = issuerFor(spec.issuers[0]);
    return new ServiceRunner({ spec, issuer, ports, emit, gate: this.#gate(spec), reloads: this.#reloads, ...start });
  }

  #start(spec: ServiceSpec, start: Start): ServiceRunner {
    const runner = this.#create(spec, start);
    const stop = new AbortController();
    const { ports } = this.#options;
    // The loop begins in the next turn, so that `service_added` is the first thing that is said of a service.
    const done = Promise.resolve().then(() =>
      serviceLoop(runner, { agenda: this.agenda, clock: ports.clock, recoveries: this.#recoveries }, stop.signal),
    );
    this.#running.set(spec.name, { runner, stop, done });
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

  #gate(spec: ServiceSpec): Gate {
    const { cluster } = spec.issuers[0];
    const gate = this.#gates.get(cluster) ?? new Gate(this.#options.placesFor(cluster));
    this.#gates.set(cluster, gate);
    return gate;
  }
}
