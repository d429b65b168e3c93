import type { Act } from "../../src/domain/act.ts";
import type { LeafdError } from "../../src/domain/errors.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import type { ReloadStep } from "../../src/domain/reload-spec.ts";
import type { OutputSpec, ServiceSpec, TrustSpec } from "../../src/domain/spec.ts";
import { type EpochMillis, HOUR, type Millis } from "../../src/domain/units.ts";
import { keys } from "../../src/keys/keys.ts";
import { Crew, type CrewOptions } from "../../src/rotation/crew.ts";
import type { SharedPorts } from "../../src/rotation/job.ts";
import type { Pauses } from "../../src/rotation/ports.ts";
import type { ServiceRunner } from "../../src/rotation/runner.ts";
import { Supervisor } from "../../src/rotation/supervisor.ts";
import { TrustKeeper } from "../../src/rotation/trust.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { openPauses } from "../../src/store/pauses.ts";
import { createStore } from "../../src/store/store.ts";
import { createTrustMemory } from "../../src/store/trust-memory.ts";
import { exampleService } from "./circumstances.ts";
import { failingStore } from "./failing-store.ts";
import type { TempDir } from "./temp-dir.ts";
import { TestCa } from "./test-ca.ts";
import { TestDependents } from "./test-dependents.ts";
import { TestIssuer } from "./test-issuer.ts";
import { VirtualClock } from "./virtual-clock.ts";

const never = new AbortController().signal;

interface StartOptions {
  readonly instance?: string;
  readonly trust?: TrustSpec;
  readonly pace?: Millis;
  readonly movedFrom?: OutputSpec;
}

/** The real rotation, store, keys, trust and ledger in a directory of the test; time, the issuer and dependents are the test's. */
export class RotationWorld extends TestDependents {
  /** The issuer `main`. */
  readonly issuer: TestIssuer;
  /** Further ones by their names: a test adds those that its service names. */
  readonly issuers = new Map<string, TestIssuer>();
  readonly root: TestCa;
  readonly issuing: TestCa;
  windowOpensAt: EpochMillis = 0;
  readonly pauses: Pauses;
  /** Taken one by one: errors of the next commits. */
  readonly commitFailures: LeafdError[] = [];
  readonly #dir: TempDir;

  static async create(dir: TempDir): Promise<RotationWorld> {
    const root = await TestCa.root({ name: "Root" });
    return new RotationWorld(dir, root, await root.intermediate({ name: "Issuing" }));
  }

  private constructor(dir: TempDir, root: TestCa, issuing: TestCa) {
    super(new VirtualClock(Date.now()));
    this.#dir = dir;
    this.root = root;
    this.issuing = issuing;
    this.pauses = openPauses(dir.path, { clock: this.clock, warn: () => undefined });
    this.issuer = this.addIssuer("main");
  }

  /** Another issuer; under the same root unless the test says otherwise. */
  addIssuer(name: string, signer = this.issuing, root = this.root): TestIssuer {
    const issuer = new TestIssuer(signer, root, this.clock, name);
    if (name !== "main") issuer.identity = `default//pki/${name}`;
    this.issuers.set(name, issuer);
    return issuer;
  }

  spec(changes: Partial<ServiceSpec> = {}): ServiceSpec {
    const touch: ReloadStep = { kind: "touch", path: "/dev/null" };
    return exampleService({
      request: {
        names: { commonName: "web.svc", dns: ["web.svc"], ips: [], uris: ["spiffe://corp/web"], emails: [] },
        key: "ec-p256",
        reuseKey: false,
        usages: ["server", "client"],
        ttl: HOUR,
      },
      output: {
        directory: this.#dir.join("live"),
        modes: { key: 0o600, cert: 0o644, directory: 0o755 },
        layout: "generations",
      },
      reload: [touch],
      ...changes,
    });
  }

  /** A new process, so to speak: nothing of the old one but what is on disk. */
  start(spec: ServiceSpec = this.spec(), { pace, movedFrom, ...options }: StartOptions = {}): ServiceRunner {
    const crew = this.#crew(options);
    this.crew = crew;
    const runner = crew.runner(spec, { ...(pace && { pace }), ...(movedFrom && { movedFrom }) });
    this.#runners = [runner];
    return runner;
  }

  /** Many services of one process. */
  supervisor(): Supervisor {
    return new Supervisor(this.#shared({}));
  }

  /** The circuits of the process that was started last. */
  crew: Crew | undefined;
  #runners: readonly ServiceRunner[] = [];

  #crew(options: StartOptions): Crew {
    const route = this.#emit;
    return new Crew({ ...this.#shared(options), route, runners: () => this.#runners, wake: () => undefined });
  }

  #shared(options: StartOptions): CrewOptions {
    return {
      ports: this.#ports(options),
      emit: this.#emit,
      pauses: this.pauses,
      issuerFor: ({ name }) => this.issuers.get(name) ?? this.issuer,
      placesFor: () => 4,
    };
  }

  readonly #emit = (event: RotationEvent): void => void this.events.push(event);

  #ports({ instance = "one", trust = { include: [], newRoot: "accept" } }: StartOptions): SharedPorts {
    const { clock } = this;
    const emit = this.#emit;
    const warn = (): void => undefined;
    const memory = createTrustMemory(this.#dir.path, warn);
    return {
      clock,
      keys,
      store: failingStore(createStore({ clock, instance, takeover: false, warn }), this.commitFailures),
      ledger: openLedger(this.#dir.path, { clock, warn }),
      trust: new TrustKeeper({ spec: trust, memory, clock, emit }),
      reloader: this.reloader,
      probe: this.probe,
      windows: { opensAt: (_windows, now) => Math.max(now, this.windowOpensAt) },
      skew: () => 0,
      heldDirectory: this.#dir.join("held"),
      seed: "test",
    };
  }

  /** Carries decisions out until there is nothing to do now; answers when the next thing is due. */
  async settle(runner: ServiceRunner): Promise<EpochMillis> {
    for (let acts = 0; acts < 100; acts += 1) {
      const decision = runner.decide();
      if (decision.kind === "wait") return decision.until;
      await this.step(runner, decision);
    }
    throw new Error(`acts without end: ${this.kinds().slice(-6).join(", ")}`);
  }

  /** Carries one decision out; a dependent that hangs is waited for as long as the runner waits. */
  async step(runner: ServiceRunner, decision: Act): Promise<void> {
    const working = runner.carryOut(decision, never);
    if (decision.kind === "reload" || decision.kind === "expire") await this.clock.advance(2000);
    if (decision.kind === "reload" && this.reloadsHang) await this.passTimeUntil(working);
    await working;
  }

  /** Lets time pass to when the next thing is due, and does it. */
  async next(runner: ServiceRunner): Promise<void> {
    const decision = runner.decide();
    if (decision.kind === "wait") await this.clock.advance(decision.until - this.clock.now());
    await this.settle(runner);
  }

  /** Lets this much time pass and does what comes due meanwhile. */
  async pass(runner: ServiceRunner, duration: Millis): Promise<void> {
    const end = this.clock.now() + duration;
    for (;;) {
      const until = Math.min(await this.settle(runner), end);
      await this.clock.advance(Math.max(0, until - this.clock.now()));
      if (until >= end) return;
    }
  }

  /** Does what there is to do, and lets time pass, until this has been said once more; not for ever. */
  async until(runner: ServiceRunner, kind: RotationEvent["kind"]): Promise<void> {
    const count = (): number => this.kinds().filter((each) => each === kind).length;
    const before = count();
    for (let steps = 0; count() === before; steps += 1) {
      if (steps > 10_000) throw new Error(`${kind} is not said:\n${this.kinds().slice(-20).join("\n")}`);
      const decision = runner.decide();
      if (decision.kind === "wait") await this.clock.advance(decision.until - this.clock.now());
      else await this.step(runner, decision);
    }
  }

  /** Lets time pass until this is over: whenever somebody sleeps, to the end of that sleep. */
  async passTimeUntil(work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    work.then(end, end);
    while (!over.signal.aborted) await this.clock.advance(this.clock.untilNext ?? 0);
  }
}
