import type { RotationEvent } from "../../src/domain/events.ts";
import {
  type EpochMillis,
  formatDuration,
  formatTime,
  HOUR,
  MINUTE,
  type Millis,
  SECOND,
} from "../../src/domain/units.ts";
import type { Excuses } from "./excuses.ts";
import { hasReserve, helpFrom } from "./help.ts";
import type { Issuance } from "./issuer.ts";
import type { ServicePlan } from "./plan.ts";
import type { Found } from "./reader.ts";
import { Spending } from "./spending.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { Violation, type Watched } from "./watched.ts";

/** No service says more than this in an hour, whatever happens. */
const MOST_EVENTS_AN_HOUR = 4000;

interface Surroundings {
  readonly time: VirtualTime;
  readonly excuses: Excuses;
  readonly told: ReadonlyMap<string, string>;
}

/** What leafd promises, seen from outside: by what lies on the disk, what the issuer has signed and who was told. */
export class Invariants {
  readonly #watched = new Map<string, Watched>();
  readonly #due = new WeakMap<Issuance, EpochMillis>();
  readonly #around: Surroundings;
  /** The shortest life that any pair had left when it was replaced in time. */
  leastLeft: Millis = Number.POSITIVE_INFINITY;
  /** Pairs that ended before the next one came, each with an excuse. */
  expired = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Watches a service from now on, or by another plan than before. */
  watch(plan: ServicePlan, newReaders: () => Pick<Watched, "reader" | "reserve">): void {
    const before = this.#watched.get(plan.name);
    const found: Found = { kind: "nothing" };
    const { trueNow } = this.#around.time;
    const fresh = {
      found,
      since: trueNow,
      due: trueNow,
      announced: "",
      last: undefined,
      before: undefined,
      spending: new Spending(),
    };
    this.#watched.set(plan.name, { ...fresh, events: 0, hour: 0, ...(before ?? newReaders()), plan });
  }

  /** The operator took it out of the configuration. */
  forget(service: string): void {
    this.#watched.delete(service);
  }

  visible(service: string): string | undefined {
    const found = this.#watched.get(service)?.reader.read();
    return found?.kind === "pair" ? found.generation : undefined;
  }

  /** After each change of an output. */
  look(service: string): void {
    const watched = this.#watched.get(service);
    if (watched === undefined) return;
    const found = watched.reader.read();
    if (found === watched.found) return;
    const { time, excuses } = this.#around;
    const isMeddled = excuses.clearSince([`tampered ${service}`]) > time.trueNow;
    if (found.kind === "torn" && !isMeddled) throw new Violation(`I1 ${service}: ${found.why}`);
    if (found.kind === "nothing" && watched.found.kind === "pair" && !isMeddled)
      throw new Violation(`I1 ${service}: the pair went away`);
    if (found.kind === "pair" && found.generation < watched.announced && !isMeddled)
      throw new Violation(`I1 ${service}: ${watched.announced} was published, and ${found.generation} is back`);
    watched.found = found;
    watched.since = time.trueNow;
    watched.due = found.kind === "pair" ? this.#dueOf(found.issuance, watched.plan) : time.trueNow;
    if (found.kind === "pair") this.#swapped(watched, found.issuance);
  }

  /** By the plan of when it was issued: another plan holds for the next, also where this one was kept back meanwhile. */
  #dueOf(issuance: Issuance, { renewAt }: ServicePlan): EpochMillis {
    const from = Math.max(issuance.at, issuance.receivedAt);
    const due = this.#due.get(issuance) ?? from + (issuance.notAfter - from) * renewAt;
    this.#due.set(issuance, due);
    return due;
  }

  #swapped(watched: Watched, next: Issuance): void {
    const { name } = watched.plan;
    const now = this.#around.time.trueNow;
    const { last } = watched;
    if (next === last) return;
    if (!next.good) throw new Violation(`I2 ${name}: a certificate that was not asked for is published`);
    if (next.service !== name) throw new Violation(`I2 ${name}: the certificate of ${next.service} is published`);
    if (last !== undefined && next.notAfter <= now && last.notAfter > now)
      throw new Violation(`I5 ${name}: a pair that is over replaces a good one`);
    if (last !== undefined) this.#left(last.notAfter - now);
    watched.before = last;
    watched.last = next;
  }

  #left(left: Millis): void {
    if (left < 0) this.expired += 1;
    else this.leastLeft = Math.min(this.leastLeft, left);
  }

  /** For each event: no secrets, no storm, and a renewal gains time. */
  heard(event: RotationEvent, text: string): void {
    if (text.includes("PRIVATE KEY")) throw new Violation(`I3: a key in ${event.kind}`);
    // From now on it is another time, which the memory of the budgets does not fit.
    if (event.kind === "clock_doubted" || event.kind === "clock_trusted") this.forgiveBudgets();
    const watched = "service" in event ? this.#watched.get(event.service) : undefined;
    if (watched === undefined) return;
    const hour = Math.floor(this.#around.time.monotonic / HOUR);
    watched.events = hour === watched.hour ? watched.events + 1 : 1;
    watched.hour = hour;
    if (watched.events > MOST_EVENTS_AN_HOUR) throw new Violation(`storm: ${watched.plan.name} says too much`);
    if (event.kind === "published") watched.announced = event.leaf.generation;
    if (event.kind !== "published" || event.cause !== "renewal_due") return;
    const { last, before } = watched;
    if (last !== undefined && before?.issuer === last.issuer && last.notAfter < before.notAfter)
      throw new Violation(`I5 ${watched.plan.name}: the renewed pair ends before the old one`);
  }

  /** I4. */
  issued(issuance: Issuance): void {
    const watched = this.#watched.get(issuance.service);
    if (watched === undefined) return;
    const { plan, last } = watched;
    this.#dueOf(issuance, plan);
    const lived = last === undefined ? plan.ttl : last.notAfter - Math.max(last.at, last.receivedAt);
    const problem = watched.spending.spend(issuance.at, Math.min(plan.ttl, lived));
    if (problem !== undefined) throw new Violation(`I4 ${issuance.service}: ${problem}`);
  }

  /** Nobody can hold leafd to a budget whose memory was taken away. */
  forgiveBudgets(): void {
    for (const { spending } of this.#watched.values()) spending.forgive();
  }

  /** What must have happened by now. */
  check(): void {
    for (const watched of this.#watched.values()) {
      this.#checkPair(watched);
      this.#checkTold(watched);
    }
  }

  /** A pair that is due or not there is replaced soon once nothing stands in the way. */
  #checkPair(watched: Watched): void {
    const { plan, found, due, since } = watched;
    const { name, ttl } = plan;
    const { time, excuses } = this.#around;
    const end = found.kind === "pair" ? found.issuance.notAfter : since;
    const patience = MINUTE + Math.min(5 * MINUTE, Math.max(30 * SECOND, 0.05 * (end - due)));
    if (time.trueNow <= due + patience) return;
    const own = ["process", "clock", "disk", `disk ${name}`, `tampered ${name}`, `plan ${name}`];
    // Where certificates were spent on nothing, the budget and the slow end of the retries come on top.
    const slow = Math.max(MINUTE, 0.11 * Math.max(ttl, end - due));
    const spent = excuses.clearSince(["spent"]) + HOUR + slow;
    // A lifetime that was shortened gains nothing before, and what was spent until then counts against the budget.
    const gain = end - ttl > due - 0.1 * (end - since) ? Math.max(due, end - ttl + slow + HOUR) : due;
    const clear = excuses.clearSince(own);
    if (time.trueNow - Math.max(end, clear) > patience && hasReserve(watched, end, time.trueNow))
      throw new Violation(`ladder ${name}: the pair has ended, and the reserve stays where it is`);
    const late = time.trueNow - Math.max(due, clear, spent, gain, helpFrom(this.#around.excuses, plan, { due, end }));
    if (late > patience)
      throw new Violation(
        `liveness ${name}: ${found.kind} is due since ${formatTime(due)} and nothing stands in the way for ${formatDuration(late)}`,
      );
  }

  /** What is visible is known to the dependent soon once nothing stands in the way. */
  #checkTold({ plan: { name, dependent }, found, since }: Watched): void {
    const { time, excuses, told } = this.#around;
    if (found.kind !== "pair" || time.trueNow <= since + 3 * MINUTE || told.get(name) === found.generation) return;
    const clear = excuses.clearSince([
      "process",
      "disk",
      `disk ${name}`,
      "clock",
      `reload ${dependent}`,
      `tampered ${name}`,
    ]);
    const late = time.trueNow - Math.max(since, clear);
    if (late > 3 * MINUTE)
      throw new Violation(`reload ${name}: ${found.generation} is owed for ${formatDuration(late)}`);
  }
}
