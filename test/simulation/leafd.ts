import type { IssuerSpec } from "../../src/domain/cluster-spec.ts";
import { LeafdError } from "../../src/domain/errors.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import type { ReserveSpec } from "../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../src/domain/spec.ts";
import type { Millis } from "../../src/domain/units.ts";
import { GuardedClock } from "../../src/rotation/guarded-clock.ts";
import type { Ports } from "../../src/rotation/job.ts";
import type { Emit, Keys, Reloader } from "../../src/rotation/ports.ts";
import { Supervisor } from "../../src/rotation/supervisor.ts";
import { TrustKeeper } from "../../src/rotation/trust.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import { createStore, createTrustMemory, openLedger, openPauses } from "./disk/redirect.ts";
import { rememberingInspections } from "./disk/unchanged.ts";
import type { Cluster, SimulatedIssuer } from "./issuer.ts";
import { HELD, OUTPUTS, outputOf, STATE } from "./places.ts";
import type { ProcessClock } from "./virtual-time.ts";

/*
 * One process of leafd: the real supervisor with everything below it, put together as daemon.ts does it. This file alone
 * knows how that is constructed, and what a service's configuration looks like.
 */

/** A service, by what the simulation varies of it. */
export interface ServicePlan {
  readonly name: string;
  readonly ttl: Millis;
  readonly renewAt: number;
  /** Services may share one. */
  readonly dependent: string;
  readonly reuseKey: boolean;
  readonly keyMode: number;
  readonly layout: "generations" | "bundle";
  /** In the order of preference. */
  readonly issuers: readonly [Cluster, ...Cluster[]];
  /** A pair is kept back that lives three times as long. */
  readonly reserve: boolean;
}

/** The issuer of reserves: another role of the same mount. */
export const RESERVE = "reserve";

/** Issuers have the names of their clusters. */
function issuerSpec(cluster: Cluster, name: string = cluster): IssuerSpec {
  return { name, cluster, mount: "pki", role: name, method: "sign" };
}

const specs = new WeakMap<ServicePlan, ServiceSpec>();

export function specOf(plan: ServicePlan): ServiceSpec {
  const known = specs.get(plan);
  if (known !== undefined) return known;
  const { name, ttl, renewAt, dependent, reuseKey, keyMode, layout } = plan;
  const [first, ...others] = plan.issuers;
  const reserve: ReserveSpec = { issuer: issuerSpec(first, RESERVE), ttl: 3 * ttl };
  const names = { commonName: name, dns: [name], ips: [], uris: [`spiffe://corp/${name}`], emails: [] };
  const spec: ServiceSpec = {
    name,
    required: true,
    request: { names, key: "ed25519", reuseKey, usages: ["server", "client"], ttl },
    issuers: [issuerSpec(first), ...others.map((cluster) => issuerSpec(cluster))],
    output: {
      directory: outputOf(name),
      makeBelow: OUTPUTS,
      modes: { key: keyMode, cert: 0o644, directory: 0o755 },
      layout,
    },
    preReload: [],
    reload: [{ kind: "touch", path: dependent }],
    escalate: [],
    probes: [],
    renewAt,
    outage: { atExpiry: { kind: "keep" }, ...(plan.reserve && { reserve }) },
    windows: [],
    revokeOld: false,
  };
  specs.set(plan, spec);
  return spec;
}

interface LeafdOptions {
  readonly clock: ProcessClock;
  readonly disk: MemoryDisk;
  readonly keys: Keys;
  readonly issuers: Readonly<Record<Cluster, SimulatedIssuer>>;
  readonly reloader: Reloader;
  readonly emit: (event: RotationEvent) => void;
}

/** The agenda of the services, and the watch over the clock. */
const IDLE_SLEEPERS = 2;

export class Leafd {
  readonly #clock: ProcessClock;
  readonly #guard: GuardedClock;
  readonly #supervisor: Supervisor;
  readonly #stop = new AbortController();
  #plans: readonly ServicePlan[] = [];
  /** Resolves when it has stopped by itself; rejects when it has a defect. */
  readonly done: Promise<void>;

  constructor(options: LeafdOptions) {
    const { clock, issuers } = options;
    this.#clock = clock;
    const emit = (event: RotationEvent): void => {
      if (clock.alive) options.emit(event);
    };
    const here = issuers.here.port("here", clock);
    this.#guard = new GuardedClock({
      clock,
      emit,
      serverTime: async (signal) => (await here.health(signal)).serverTime,
      changed: () => this.#supervisor.wakeAll(),
    });
    this.#supervisor = this.#supervise(options, emit);
    const watching = this.#guard.watch(this.#stop.signal);
    this.done = Promise.all([this.#supervisor.run(this.#stop.signal), watching]).then(() => undefined);
  }

  #supervise({ disk, keys, issuers, reloader }: LeafdOptions, emit: Emit): Supervisor {
    const clock = this.#guard;
    const warn = (): void => undefined;
    const instance = "11111111-1111-4111-8111-111111111111";
    const memory = createTrustMemory(STATE, warn);
    const ports: Ports = {
      clock,
      keys,
      store: rememberingInspections(createStore({ clock, instance, takeover: false, warn }), disk),
      ledger: openLedger(STATE, { clock, warn }),
      trust: new TrustKeeper({ spec: { newRoot: "accept", include: [] }, memory, clock, emit }),
      probe: { served: () => Promise.reject(new LeafdError("probe_failed", "nobody is asked for a proof")) },
      windows: { opensAt: (_windows, now) => now },
      skew: () => this.#guard.status().skew ?? 0,
      heldDirectory: HELD,
      seed: instance,
    };
    return new Supervisor({
      ports,
      reloader,
      emit,
      pauses: openPauses(STATE, { clock, warn }),
      issuerFor: ({ name, cluster }) => issuers[cluster === "here" ? "here" : "there"].port(name, clock),
      placesFor: () => 4,
      suspect: (plausible) => this.#guard.suspect(plausible),
    });
  }

  async apply(plans: readonly ServicePlan[]): Promise<void> {
    this.#plans = plans;
    await this.#supervisor.apply(plans.map(specOf));
  }

  renew(service: string): void {
    this.#supervisor.runner(service)?.say({ kind: "renewal_requested", by: "operator", force: false });
    this.#supervisor.agenda.wake(service);
  }

  /** SIGKILL: nothing of it goes on, and nobody is told. */
  kill(): void {
    this.#clock.alive = false;
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
    this.#clock.alive = false;
  }

  /** Reads a disk, which happens in turns of the real event loop. */
  get recovering(): boolean {
    return this.#plans.some(({ name }) => {
      const runner = this.#supervisor.runner(name);
      return runner?.state.recovered === false && runner.decide().kind === "recover";
    });
  }

  /**
   * How long it is until the next decision is due by the clock that is believed, while nothing is under way and nobody waits but for that, or to look
   * at the disk once more. Undefined when something is under way.
   */
  get quietFor(): Millis | undefined {
    if (this.#clock.sleeping !== IDLE_SLEEPERS) return undefined;
    let until = Number.POSITIVE_INFINITY;
    for (const { name } of this.#plans) {
      const decision = this.#supervisor.runner(name)?.decide();
      if (decision?.kind !== "wait") return undefined;
      until = Math.min(until, decision.until);
    }
    return until - this.#guard.now();
  }
}
