import type { IssuerSpec } from "../domain/cluster-spec.ts";
import type { RotationEvent } from "../domain/events.ts";
import { issuersOf, type ServiceSpec } from "../domain/spec.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import { Circuits } from "./circuits.ts";
import { Gate } from "./gate.ts";
import type { SharedPorts } from "./job.ts";
import type { Emit, Issuer, Pauses } from "./ports.ts";
import { createReloadQueue, type ReloadQueue } from "./reload-queue.ts";
import { ServiceRunner } from "./runner.ts";
import type { Pass, RunnerOptions } from "./runner-options.ts";
import { serviceTrust } from "./service-trust.ts";

export interface CrewOptions {
  readonly ports: SharedPorts;
  readonly emit: Emit;
  readonly pauses: Pauses;
  /** The issuer that a specification names, as it is configured now. */
  readonly issuerFor: (spec: IssuerSpec) => Issuer;
  /** How many rotations may go on at once towards this cluster. */
  readonly placesFor: (cluster: string) => number;
  /** At the start, all pairs look over or not begun: see FirstLook. */
  readonly suspect?: (plausible: EpochMillis) => void;
  /** Issuers whose roots are in every trust bundle, as configured now. */
  readonly included?: () => readonly IssuerSpec[];
}

interface Among extends CrewOptions {
  /** Where events of the reload queue go. */
  readonly route: Emit;
  /** All that run now. */
  readonly runners: () => readonly ServiceRunner[];
  /** Lets a service decide again. */
  readonly wake: (service: string) => void;
}

/** What a runner begins with besides its configuration. */
export type Start = Pick<RunnerOptions, "pace" | "movedFrom">;

/** What the services of one leafd share: the circuits of the issuers, the gates to the clusters, the reload queue. */
export class Crew {
  readonly circuits: Circuits;
  readonly #options: Among;
  readonly #reloads: ReloadQueue;
  readonly #gates = new Map<string, Gate>();

  constructor(options: Among) {
    const { ports, emit, route } = options;
    const { clock, reloader } = ports;
    this.#options = options;
    this.#reloads = createReloadQueue({ reloader, clock, emit: (event: RotationEvent) => route(event) });
    this.circuits = new Circuits({
      clock,
      emit,
      remaining: (issuer) => this.#remaining(issuer),
      changed: (issuer) => this.#wakeAll(issuer),
    });
  }

  runner(spec: ServiceSpec, start: Start = {}): ServiceRunner {
    const { ports, emit, issuerFor, included = () => [] } = this.#options;
    const [first, ...others] = spec.issuers;
    const { reserve } = spec.outage;
    return new ServiceRunner({
      spec,
      issuers: [issuerFor(first), ...others.map(issuerFor)],
      ...(reserve && { reserveIssuer: issuerFor(reserve.issuer) }),
      included: included().map(issuerFor),
      ports: { ...ports, trust: serviceTrust(ports.trust) },
      circuits: this.circuits,
      pass: this.#wayOf(spec),
      reloads: this.#reloads,
      emit,
      ...start,
    });
  }

  /** The clock has been set: everybody decides anew. */
  clockChanged(): void {
    this.circuits.reconsider();
    for (const runner of this.#options.runners()) {
      runner.clockChanged();
      this.#options.wake(runner.spec.name);
    }
  }

  /** The way of a service to its issuers: the circuit of the one, then a free place towards its cluster. */
  #wayOf(spec: ServiceSpec): Pass {
    const clusters = new Map(issuersOf(spec).map(({ name, cluster }) => [name, cluster]));
    return async ({ issuer, urgency, force }, work, signal) => {
      if (!force && !this.circuits.enter(issuer, spec.name)) return;
      try {
        await this.#gate(clusters.get(issuer) ?? spec.issuers[0].cluster).pass(urgency, work, signal);
      } finally {
        this.circuits.leave(issuer, spec.name);
      }
    };
  }

  #gate(cluster: string): Gate {
    const gate = this.#gates.get(cluster) ?? new Gate(this.#options.placesFor(cluster));
    this.#gates.set(cluster, gate);
    return gate;
  }

  /** Of the pair that ends first among those whom the issuer serves; one that is missing or over lets nobody wait. */
  #remaining(issuer: string): Millis {
    const now = this.#options.ports.clock.now();
    const ends = this.#users(issuer).map(({ state }) => state.current?.notAfter ?? now);
    return Math.max(0, Math.min(...ends) - now);
  }

  /** In the order in which their pairs end: who decides first goes first. */
  #wakeAll(issuer: string): void {
    const end = ({ state }: ServiceRunner): number => state.current?.notAfter ?? 0;
    for (const { spec } of this.#users(issuer).toSorted((a, b) => end(a) - end(b))) this.#options.wake(spec.name);
  }

  #users(issuer: string): readonly ServiceRunner[] {
    return this.#options.runners().filter(({ spec }) => issuersOf(spec).some(({ name }) => name === issuer));
  }
}
