import type { RotationEvent } from "../../src/domain/events.ts";
import type { ServiceSpec } from "../../src/domain/spec.ts";
import type { EpochMillis, Millis } from "../../src/domain/units.ts";
import type { Issuer, Keys, Reloader } from "../../src/rotation/ports.ts";
import { Supervisor } from "../../src/rotation/supervisor.ts";
import { TrustKeeper } from "../../src/rotation/trust.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import { createStore, createTrustMemory, openLedger } from "./disk/redirect.ts";
import { rememberingInspections } from "./disk/unchanged.ts";
import type { ProcessClock } from "./virtual-time.ts";

/*
 * One process of leafd: the real supervisor with everything below it, put together as daemon.ts does it. This file alone
 * knows how that is constructed, and what a service's configuration looks like.
 */

/** The output directories lie here, by the names of their services. */
export const OUTPUTS = "/live";
/** What a restart must not forget lies here. */
export const STATE = "/state";

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
}

const specs = new WeakMap<ServicePlan, ServiceSpec>();

export function specOf(plan: ServicePlan): ServiceSpec {
  const known = specs.get(plan);
  if (known !== undefined) return known;
  const { name, ttl, renewAt, dependent, reuseKey, keyMode, layout } = plan;
  const names = { commonName: name, dns: [name], ips: [], uris: [`spiffe://corp/${name}`], emails: [] };
  const spec: ServiceSpec = {
    name,
    required: true,
    request: { names, key: "ed25519", reuseKey, usages: ["server", "client"], ttl },
    issuer: { name: "main", cluster: "default", mount: "pki", role: "svc", method: "sign" },
    output: {
      directory: `${OUTPUTS}/${name}`,
      makeBelow: OUTPUTS,
      modes: { key: keyMode, cert: 0o644, directory: 0o755 },
      layout,
    },
    reload: [{ kind: "touch", path: dependent }],
    renewAt,
  };
  specs.set(plan, spec);
  return spec;
}

interface LeafdOptions {
  readonly clock: ProcessClock;
  readonly disk: MemoryDisk;
  readonly keys: Keys;
  readonly issuer: Issuer;
  readonly reloader: Reloader;
  readonly emit: (event: RotationEvent) => void;
}

export class Leafd {
  readonly #clock: ProcessClock;
  readonly #supervisor: Supervisor;
  readonly #stop = new AbortController();
  #plans: readonly ServicePlan[] = [];
  /** Resolves when it has stopped by itself; rejects when it has a defect. */
  readonly done: Promise<void>;

  constructor({ clock, disk, keys, issuer, reloader, emit }: LeafdOptions) {
    this.#clock = clock;
    const say = (event: RotationEvent): void => {
      if (clock.alive) emit(event);
    };
    const warn = (): void => undefined;
    const instance = "11111111-1111-4111-8111-111111111111";
    const memory = createTrustMemory(STATE, warn);
    this.#supervisor = new Supervisor({
      ports: {
        clock,
        keys,
        store: rememberingInspections(createStore({ clock, instance, takeover: false, warn }), disk),
        ledger: openLedger(STATE, { clock, warn }),
        trust: new TrustKeeper({ spec: { newRoot: "accept" }, memory, clock, emit: say }),
        seed: instance,
      },
      reloader,
      emit: say,
      issuerFor: () => issuer,
      placesFor: () => 4,
    });
    this.done = this.#supervisor.run(this.#stop.signal);
  }

  async apply(plans: readonly ServicePlan[]): Promise<void> {
    this.#plans = plans;
    await this.#supervisor.apply(plans.map(specOf));
  }

  renew(service: string): void {
    this.#supervisor.renew(service);
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
    return this.#plans.some(({ name }) => this.#supervisor.runner(name)?.decide().kind === "recover");
  }

  /**
   * When the next decision is due, by the wall clock, while nothing is under way and nobody waits but for that, or to look
   * at the disk once more. Undefined when something is under way.
   */
  get quietUntil(): EpochMillis | undefined {
    if (this.#clock.sleeping !== 1) return undefined;
    let until = Number.POSITIVE_INFINITY;
    for (const { name } of this.#plans) {
      const decision = this.#supervisor.runner(name)?.decide();
      if (decision?.kind !== "wait") return undefined;
      until = Math.min(until, decision.until);
    }
    return until;
  }
}
