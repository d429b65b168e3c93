import { setImmediate as turn } from "node:timers/promises";
import type { RotationEvent } from "../../src/domain/events.ts";
import { DAY, type EpochMillis, formatTime, HOUR, MINUTE, type Millis } from "../../src/domain/units.ts";
import { Dependents } from "./dependents.ts";
import { freshDisk } from "./disk/fresh-disk.ts";
import type { MemoryDisk } from "./disk/memory-disk.ts";
import { Excuses } from "./excuses.ts";
import { fleet } from "./fleet.ts";
import { Happenings } from "./happenings.ts";
import { Invariants } from "./invariants.ts";
import { type Cluster, Register, SimulatedIssuer } from "./issuer.ts";
import { Leafd } from "./leafd.ts";
import { OUTPUTS, outputOf, reserveOf, STATE, touchedBy } from "./places.ts";
import type { ServicePlan } from "./plan.ts";
import { pooledKeys } from "./pooled-keys.ts";
import { ProcessLife } from "./process-life.ts";
import { Random } from "./random.ts";
import { PairReader } from "./reader.ts";
import type { Scene, WorldOptions } from "./scene.ts";
import { Timeline } from "./timeline.ts";
import { ProcessClock, VirtualTime } from "./virtual-time.ts";
import { violationOf } from "./watched.ts";

const START = Date.UTC(2026, 0, 1);
/** After a happening leafd's looks at the disk and at the clock are not passed over for this long. */
const ATTENTION: Millis = MINUTE;

/** One machine with leafd on it, its issuer and its dependents, in virtual time. */
export class World implements Scene {
  readonly time = new VirtualTime(START);
  readonly excuses = new Excuses();
  readonly disk: MemoryDisk;
  readonly issuers: Readonly<Record<Cluster, SimulatedIssuer>>;
  readonly register = new Register();
  readonly dependents: Dependents;
  readonly invariants: Invariants;
  readonly end: EpochMillis;
  plans: readonly ServicePlan[];
  leafd: Leafd | undefined;
  /** Something to do when a rotation begins. */
  onRotation: (() => void) | undefined;
  events = 0;
  issuances = 0;
  steps = 0;
  readonly #options: WorldOptions;
  readonly #happenings: Happenings;
  readonly #life = new ProcessLife(this);
  readonly #timeline = new Timeline();
  readonly #keys = pooledKeys();
  #attentiveUntil: EpochMillis = 0;
  #violation: Error | undefined;

  constructor(options: WorldOptions) {
    const random = (label: string): Random => new Random(options.seed, label);
    this.#options = options;
    this.end = START + options.days * DAY;
    this.disk = freshDisk(random, [OUTPUTS, STATE]);
    const issuer = (cluster: Cluster): SimulatedIssuer =>
      new SimulatedIssuer(cluster, { time: this.time, random: random(cluster), register: this.register });
    this.issuers = { here: issuer("here"), there: issuer("there") };
    this.dependents = new Dependents(random("dependents"), (service) => this.invariants.visible(service));
    this.invariants = new Invariants({ time: this.time, excuses: this.excuses, told: this.dependents.told });
    this.plans = fleet(random("fleet"));
    for (const plan of this.plans) this.#watch(plan);
    this.#happenings = new Happenings(this, this.#life, random);
    this.disk.onChange = (path) => this.#guard(() => this.#changed(path));
    this.register.onIssuance = (issuance, arrives) => {
      this.issuances += 1;
      // leafd cannot know of a certificate that was signed for nobody: only its patience keeps these few.
      if (arrives) this.#guard(() => this.invariants.issued(issuance));
    };
  }

  /** How often each kind of thing has happened. */
  get happened(): Readonly<Record<string, number>> {
    return this.#happenings.counts;
  }

  /** The operator writes another configuration, which leafd reads at once or when it starts. */
  configure(plans: readonly ServicePlan[]): void {
    const changed = plans.filter((plan) => !this.plans.includes(plan));
    this.plans = plans;
    for (const plan of changed) this.#watch(plan);
    const { leafd } = this;
    leafd?.apply(plans).catch((thrown: unknown) => leafd === this.leafd && this.#fail(thrown));
  }

  #watch(plan: ServicePlan): void {
    const { name } = plan;
    const reader = (directory: string) => new PairReader(this.disk, directory, this.register.byLeaf);
    this.invariants.watch(plan, () => ({ reader: reader(outputOf(name)), reserve: reader(reserveOf(name)) }));
    // What a lifetime that is too short to gain anything has cost counts against the budget of the next.
    this.excuses.begin(`plan ${name}`);
    this.excuses.end(`plan ${name}`, this.time.trueNow, HOUR + MINUTE);
  }

  log(what: string, text: string): void {
    this.#options.log(`${formatTime(this.time.trueNow)} ${what} ${text}`);
  }

  later(after: Millis, run: () => void): void {
    this.#timeline.plan(this.time.trueNow + after, run);
  }

  /** A new process; the one before, if any, is gone. */
  start(): void {
    this.disk.endProcess();
    this.disk.faults.onKill = () => this.leafd?.kill();
    const clock = new ProcessClock(this.time);
    const emit = (event: RotationEvent): void => this.#guard(() => this.#heard(event));
    const ports = { issuers: this.issuers, reloader: this.dependents.port(clock), keys: this.#keys };
    this.leafd = new Leafd({ clock, disk: this.disk, emit, ...ports });
    const failed = (thrown: unknown): void => (clock.alive ? this.#fail(thrown) : undefined);
    this.leafd.done.catch(failed);
    this.leafd.apply(this.plans).catch(failed);
  }

  /** Passes the days. Throws the Violation as soon as there is one. */
  async run(): Promise<void> {
    this.log("seed", String(this.#options.seed));
    this.start();
    while (this.time.trueNow < this.end) {
      await this.#settle();
      if (this.disk.faults.dead) {
        await this.time.unwind();
        this.#life.died();
      }
      if (this.#violation !== undefined) throw this.#violation;
      this.invariants.check();
      this.#step();
    }
  }

  /** Ends what still runs: nothing of it may reach into the next world, which has the same node:fs. */
  async close(): Promise<void> {
    this.leafd?.kill();
    this.disk.faults.dead = true;
    await this.time.unwind();
  }

  #step(): void {
    this.steps += 1;
    const now = this.time.trueNow;
    const next = this.#timeline.next ?? this.end;
    const wake = this.#wakeAt(next);
    if (next <= wake) {
      this.time.pass(Math.max(0, next - now));
      this.#timeline.shift();
      this.#attentiveUntil = this.time.trueNow + ATTENTION;
    } else {
      this.time.pass(wake - now);
      this.time.wakeFirst();
    }
  }

  /**
   * When the next sleeper is woken. While leafd waits only for the time of its next decision, looking at the disk every
   * 30 s meanwhile, and nothing has happened that it could find there, all these looks but the last are passed over, as
   * if the process had not been given the processor.
   */
  #wakeAt(happening: EpochMillis): EpochMillis {
    const wake = this.time.nextDue ?? Number.POSITIVE_INFINITY;
    if (this.leafd === undefined || wake < this.#attentiveUntil) return wake;
    const quietFor = this.leafd.quietFor(wake - this.time.trueNow);
    return quietFor === undefined ? wake : Math.max(wake, Math.min(this.time.trueNow + quietFor, happening));
  }

  async #settle(): Promise<void> {
    await this.time.settle();
    // Bounded: what recovers for longer waits for something else.
    for (let turns = 0; turns < 20 && this.leafd?.recovering === true && !this.disk.faults.dead; turns++) await turn();
  }

  #heard(event: RotationEvent): void {
    this.events += 1;
    const text = JSON.stringify(event);
    this.log("event", text);
    this.invariants.heard(event, text);
    if (event.kind === "rotation_started") this.onRotation?.();
  }

  #changed(path: string): void {
    for (const service of touchedBy(path) ?? this.plans.map(({ name }) => name)) this.invariants.look(service);
  }

  /** What is found in the middle of leafd's work is thrown in ours. */
  #guard(work: () => void): void {
    if (this.#violation !== undefined) return;
    try {
      work();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    this.#violation ??= violationOf(thrown);
  }
}
