import { HOUR, MINUTE, type Millis } from "../../src/domain/units.ts";
import { newPlan, replan } from "./fleet.ts";
import { meddle } from "./meddling.ts";
import { OUTPUTS } from "./places.ts";
import type { ServicePlan } from "./plan.ts";
import type { ProcessLife } from "./process-life.ts";
import type { Random } from "./random.ts";
import type { Scene } from "./scene.ts";
import { forecast, type Happening } from "./weather.ts";

/** Carries out what the forecast says, and ends it again. */
export class Happenings {
  readonly counts: Record<string, number> = {};
  readonly #world: Scene;
  readonly #life: ProcessLife;
  readonly #random: Random;

  constructor(world: Scene, life: ProcessLife, random: (label: string) => Random) {
    this.#life = life;
    this.#world = world;
    this.#random = random("happenings");
    for (const { at, happening } of forecast(world.time.trueNow, world.end, random))
      world.later(at - world.time.trueNow, () => this.#begin(happening));
  }

  #begin(happening: Happening): void {
    this.counts[happening.kind] = (this.counts[happening.kind] ?? 0) + 1;
    this.#world.log("world", JSON.stringify(happening));
    switch (happening.kind) {
      case "issuer":
        return this.#issuer(happening);
      case "disk":
        return this.#disk(happening);
      case "dependent":
        return this.#dependent(happening);
      case "kill":
      case "power cut":
        return this.#life.endSoon(happening);
      case "restart":
        return this.#life.restart(happening.down);
      case "clock":
        return this.#clock(happening.error, happening.lasts);
      case "suspend":
        return this.#suspend(happening.lasts);
      case "tamper":
        return this.#tamper(happening.how);
      case "renew":
        return this.#world.leafd?.renew(this.#pick().name);
      case "configuration":
        return this.#reconfigure(happening.how);
      case "new root":
        return this.#world.issuers[happening.cluster].rollOver();
      default:
        return happening satisfies never;
    }
  }

  /** A trouble that excuses delays in this scope for as long as it lasts. */
  #trouble(scope: string, lasts: Millis, end: () => void, aftermath: Millis = 0): void {
    const { excuses, time } = this.#world;
    excuses.begin(scope);
    this.#world.later(lasts, () => {
      end();
      excuses.end(scope, time.trueNow, aftermath);
      this.#world.log("world", `${scope} is over`);
    });
  }

  #issuer({ clusters, trouble, lasts }: Happening & { kind: "issuer" }): void {
    const spends = trouble.kind === "lies" || trouble.kind === "clips";
    const aftermath = trouble.kind === "refuses" ? trouble.retryAfter : 0;
    for (const cluster of clusters) {
      const { troubles } = this.#world.issuers[cluster];
      troubles.add(trouble);
      this.#trouble(spends ? "spent" : `issuer ${cluster}`, lasts, () => troubles.delete(trouble), aftermath);
    }
  }

  #disk({ code, chance, reach, lasts }: Happening & { kind: "disk" }): void {
    const { faults } = this.#world.disk;
    const { name } = this.#pick();
    const below = reach === "output" ? `${OUTPUTS}/${name}` : reach === "outputs" ? OUTPUTS : "/";
    const fault = { code, below, chance };
    faults.current.add(fault);
    if (reach === "all") this.#world.invariants.forgiveBudgets();
    this.#trouble(reach === "output" ? `disk ${name}` : "disk", lasts, () => {
      faults.current.delete(fault);
      if (reach === "all") this.#world.invariants.forgiveBudgets();
    });
  }

  #dependent({ trouble, lasts }: Happening & { kind: "dependent" }): void {
    const { troubles } = this.#world.dependents;
    const target = this.#pick().dependent;
    const one = { kind: trouble, target };
    troubles.add(one);
    this.#trouble(`reload ${target}`, lasts, () => troubles.delete(one));
  }

  #clock(error: Millis, lasts: Millis): void {
    const { time, invariants } = this.#world;
    time.setWallError(error);
    invariants.forgiveBudgets();
    const back = (): void => {
      time.setWallError(0);
      invariants.forgiveBudgets();
    };
    this.#trouble("clock", lasts, back, HOUR);
  }

  #suspend(lasts: Millis): void {
    const { time, excuses } = this.#world;
    excuses.begin("process");
    time.suspend(lasts);
    excuses.end("process", time.trueNow);
  }

  /** An outsider does something to an output. */
  #tamper(how: (Happening & { kind: "tamper" })["how"]): void {
    const { disk } = this.#world;
    const { name } = this.#pick();
    const output = disk.peek(`${OUTPUTS}/${name}`);
    if (output?.kind !== "directory") return;
    this.#trouble(`tampered ${name}`, MINUTE, () => this.#world.invariants.look(name), MINUTE);
    meddle(output, how, this.#random);
    disk.changed(`${OUTPUTS}/${name}/`);
  }

  #reconfigure(how: (Happening & { kind: "configuration" })["how"]): void {
    const world = this.#world;
    const changed = this.#pick();
    const next = replan(changed, how, this.#random);
    const rest = world.plans.filter((plan) => plan !== changed);
    if (how === "remove" && rest.length < 3) return;
    if (how === "remove") world.invariants.forget(changed.name);
    world.configure(how === "add" ? [...world.plans, next] : how === "remove" ? rest : [...rest, next]);
    // A short lifetime is kept for some hours only: it costs as much to simulate as all the others together.
    if (next.ttl < 6 * HOUR) this.#world.later(this.#random.whole(3, 30) * HOUR, () => this.#lengthen(next.name));
  }

  #lengthen(service: string): void {
    const { plans } = this.#world;
    const { ttl } = newPlan(this.#random, service);
    this.#world.configure(plans.map((plan) => (plan.name === service ? { ...plan, ttl } : plan)));
  }

  #pick(): ServicePlan {
    const [first, ...rest] = this.#world.plans;
    if (first === undefined) throw new Error("no service is configured");
    return this.#random.pick([first, ...rest]);
  }
}
