import { LeafdError } from "../../src/domain/errors.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import type { EpochMillis, Millis } from "../../src/domain/units.ts";
import { GuardedClock } from "../../src/rotation/guarded-clock.ts";
import type { SharedPorts } from "../../src/rotation/job.ts";
import type { Emit, Keys, Reloader } from "../../src/rotation/ports.ts";
import { Supervisor } from "../../src/rotation/supervisor.ts";
import { TrustKeeper } from "../../src/rotation/trust.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import { createStore, createTrustMemory, openLedger, openPauses } from "./disk/redirect.ts";
import { rememberingInspections } from "./disk/unchanged.ts";
import type { Cluster, SimulatedIssuer } from "./issuer.ts";
import { HELD, STATE } from "./places.ts";
import { ISSUERS, type ServicePlan, specOf } from "./plan.ts";
import type { ProcessClock } from "./virtual-time.ts";

/*
 * One process of leafd: the real supervisor with everything below it, put together as daemon.ts does it. This file alone
 * knows how that is constructed.
 */

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
      changed: () => this.#supervisor.clockChanged(),
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
    const ports: SharedPorts = {
      clock,
      keys,
      store: rememberingInspections(createStore({ clock, instance, takeover: false, warn }), disk),
      ledger: openLedger(STATE, { clock, warn }),
      trust: new TrustKeeper({ spec: { newRoot: "accept", include: [] }, memory, clock, emit }),
      reloader,
      probe: { served: () => Promise.reject(new LeafdError("probe_failed", "nobody is asked for a proof")) },
      windows: { opensAt: (_windows, now) => now },
      skew: () => this.#guard.status().skew ?? 0,
      heldDirectory: HELD,
      seed: instance,
    };
    return new Supervisor({
      ports,
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
   * How long it is until the next decision or the next look at an issuer is due by the clock that is believed, while
   * nothing is under way and nobody waits but for that, or to look at the disk once more. Undefined when something is
   * under way, or when an issuer is looked at within `least`.
   */
  quietFor(least: Millis): Millis | undefined {
    const looks = this.#looksAtIssuers();
    if (this.#clock.sleeping !== IDLE_SLEEPERS + looks.length) return undefined;
    let until = Math.min(...looks);
    if (until - this.#guard.now() <= least) return undefined;
    for (const { name } of this.#plans) {
      const decision = this.#supervisor.runner(name)?.decide();
      if (decision?.kind !== "wait") return undefined;
      until = Math.min(until, decision.until);
    }
    return until - this.#guard.now();
  }

  /** When the health of those that are away is looked at next. */
  #looksAtIssuers(): readonly EpochMillis[] {
    const [plan] = this.#plans;
    const around = plan && this.#supervisor.runner(plan.name)?.circumstances;
    const circuits = ISSUERS.map((name) => around?.circuit(name));
    return circuits.flatMap((is) => (is === undefined || is.kind === "closed" ? [] : [is.probeAt]));
  }
}
