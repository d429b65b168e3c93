import { DAY, HOUR, MINUTE } from "../../src/domain/units.ts";
import type { ServicePlan } from "./plan.ts";
import type { Random } from "./random.ts";

/** Mostly the lifetimes of the field; a short one costs as much to simulate as all the others together. */
const TTLS = [HOUR * 6, HOUR * 12, DAY, DAY, 2 * DAY, 3 * DAY, 7 * DAY] as const;
const SHORT_TTLS = [10 * MINUTE, 20 * MINUTE, HOUR, 2 * HOUR] as const;

/** 5 to 8 services, a few of them behind one dependent. */
export function fleet(random: Random): readonly ServicePlan[] {
  return Array.from({ length: random.whole(5, 8) }, (_, index) => newPlan(random, `svc-${index}`));
}

export function newPlan(random: Random, name: string): ServicePlan {
  return {
    name,
    ttl: random.pick(TTLS),
    renewAt: random.pick([2 / 3, 2 / 3, 0.5, 0.8]),
    dependent: `/dependent-${random.whole(0, 3)}`,
    reuseKey: random.chance(0.2),
    keyMode: 0o600,
    layout: random.chance(0.2) ? "bundle" : "generations",
    issuers: random.chance(0.4) ? ["here", "there"] : ["here"],
    reserve: random.chance(0.4),
  };
}

/** The plan as an operator changes it, or a further one like it. */
export function replan(
  plan: ServicePlan,
  how: "add" | "remove" | "ttl" | "mode" | "renewAt",
  random: Random,
): ServicePlan {
  const fresh = newPlan(random, `added-${random.hex()}`);
  const ttl = random.chance(0.6) ? random.pick(SHORT_TTLS) : fresh.ttl;
  switch (how) {
    case "add":
      return { ...fresh, ttl };
    case "ttl":
      return { ...plan, ttl };
    case "mode":
      return { ...plan, keyMode: plan.keyMode === 0o600 ? 0o640 : 0o600, layout: fresh.layout };
    case "renewAt":
      return { ...plan, renewAt: fresh.renewAt };
    case "remove":
      return plan;
    default:
      return how satisfies never;
  }
}
