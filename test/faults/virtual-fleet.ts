import { LeafdError } from "../../src/domain/errors.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import type { SignedReply, SignOrder } from "../../src/domain/sign-order.ts";
import { type EpochMillis, HOUR, type Millis } from "../../src/domain/units.ts";
import { keys } from "../../src/keys/keys.ts";
import { GuardedClock } from "../../src/rotation/guarded-clock.ts";
import { Supervisor } from "../../src/rotation/supervisor.ts";
import { TrustKeeper } from "../../src/rotation/trust.ts";
import { exampleService } from "../support/circumstances.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { TestCa } from "../support/test-ca.ts";
import { TestIssuer } from "../support/test-issuer.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/*
 * Many services of one leafd in virtual time: the whole supervisor, with its decisions, circuits, gate, agenda and clock
 * guard. The issuer is the test's, and the disk is memory; certificates and keys are real.
 */

/** What Vault takes to sign, and what a refused connection takes. */
const LATENCY: Millis = 20;
/** As the configuration has it by default. */
const CONCURRENCY = 16;

/** Time stands still while a certificate is being signed in earnest. */
class PatientClock extends VirtualClock {
  busy = 0;

  override async settle(): Promise<void> {
    do await super.settle();
    while (this.busy > 0);
  }
}

/** An issuer that takes a while, and notes when it was asked. */
class BusyIssuer extends TestIssuer {
  readonly requests: EpochMillis[] = [];
  readonly looks: EpochMillis[] = [];
  readonly clock: PatientClock;
  /** Requests under way, and the most that there have been at once. */
  underWay = 0;
  most = 0;

  constructor(issuing: TestCa, root: TestCa, clock: PatientClock) {
    super(issuing, root, clock);
    this.clock = clock;
  }

  override async sign(order: SignOrder, signal: AbortSignal): Promise<SignedReply> {
    this.requests.push(this.clock.now());
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    try {
      await this.clock.sleep(LATENCY, signal);
      return await this.#earnest(order, signal);
    } finally {
      this.underWay -= 1;
    }
  }

  async #earnest(order: SignOrder, signal: AbortSignal): Promise<SignedReply> {
    this.clock.busy += 1;
    try {
      return await super.sign(order, signal);
    } finally {
      this.clock.busy -= 1;
    }
  }

  override async health() {
    this.looks.push(this.clock.now());
    return super.health();
  }
}

export const REFUSED = new LeafdError("connect", "connection refused");

type Published = Extract<RotationEvent, { kind: "published" }>;

/** A renewal, and how long after the pair before came due it was there. */
export interface Renewal {
  readonly service: string;
  readonly at: EpochMillis;
  readonly late: Millis;
  /** How much life the pair before had left; negative: it had ended. */
  readonly left: Millis;
}

export class VirtualFleet implements AsyncDisposable {
  readonly clock: PatientClock;
  readonly issuer: BusyIssuer;
  readonly supervisor: Supervisor;
  readonly events: RotationEvent[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  static async create(): Promise<VirtualFleet> {
    const root = await TestCa.root({ name: "Root", notAfter: Date.UTC(2050, 0) });
    return new VirtualFleet(root, await root.intermediate({ name: "Issuing", notAfter: Date.UTC(2049, 0) }));
  }

  private constructor(root: TestCa, issuing: TestCa) {
    this.clock = new PatientClock(Date.now());
    this.issuer = new BusyIssuer(issuing, root, this.clock);
    const emit = (event: RotationEvent): void => void this.events.push(event);
    const serverTime = async () => this.clock.now();
    const clock = new GuardedClock({ clock: this.clock, emit, serverTime });
    const memory = { operatorRoots: () => "", recall: () => undefined, remember: () => undefined };
    this.supervisor = new Supervisor({
      ports: {
        clock,
        keys,
        store: new MemoryStore(),
        ledger: memoryLedger(clock),
        trust: new TrustKeeper({ spec: { include: [], newRoot: "accept" }, memory, clock, emit }),
        reloader: { targetKey: (_step, service) => service, run: async () => "told" },
        probe: { served: () => Promise.reject(new Error("there is no probe")) },
        windows: { opensAt: (_windows, now) => now },
        skew: () => 0,
        heldDirectory: "/held",
        seed: "fleet",
      },
      emit,
      pauses: { until: () => undefined, pause: () => undefined, resume: () => undefined },
      issuerFor: () => this.issuer,
      placesFor: () => CONCURRENCY,
      suspect: (plausible) => clock.suspect(plausible),
    });
    const { signal } = this.#stop;
    this.#running = Promise.all([this.supervisor.run(signal), clock.watch(signal)]);
  }

  /** Adds services, named s0, s1, …, with certificates of these lives, and lets each have its first one. */
  async add(lives: readonly Millis[]): Promise<void> {
    const { request } = exampleService();
    const specs = lives.map((ttl, index) => {
      const name = `s${index}`;
      const names = { ...request.names, commonName: `${name}.svc`, dns: [`${name}.svc`] };
      const output = { ...exampleService().output, directory: `/live/${name}` };
      return exampleService({ name, request: { ...request, names, ttl }, output });
    });
    await this.supervisor.apply(specs);
    const have = () => this.supervisor.services().every(({ state }) => state.current !== undefined);
    await this.clock.advanceUntil(have, HOUR);
  }

  /** Every renewal that was published since then. */
  renewals(since: EpochMillis = 0): readonly Renewal[] {
    const last = new Map<string, Published>();
    return this.events.flatMap((event) => {
      if (event.kind !== "published") return [];
      const before = last.get(event.service)?.leaf;
      last.set(event.service, event);
      if (before === undefined || event.at < since) return [];
      const { service, at } = event;
      return [{ service, at, late: at - before.due, left: before.notAfter - at }];
    });
  }

  /** The most that one second saw of these. */
  static peak(times: readonly EpochMillis[]): number {
    const counts = new Map<number, number>();
    for (const at of times) counts.set(Math.floor(at / 1000), (counts.get(Math.floor(at / 1000)) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function memoryLedger(clock: { now(): EpochMillis }) {
  const issued = new Map<string, readonly EpochMillis[]>();
  const recent = (service: string) => (issued.get(service) ?? []).filter((at) => at > clock.now() - HOUR);
  return {
    recent,
    record: (service: string, at: EpochMillis) => void issued.set(service, [...recent(service), at]),
    forget: (service: string, at: EpochMillis) =>
      void issued.set(
        service,
        recent(service).filter((other) => other !== at),
      ),
  };
}
