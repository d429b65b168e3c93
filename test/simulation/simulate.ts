import { createHash } from "node:crypto";
import { formatTime } from "../../src/domain/units.ts";
import type { WorldOptions } from "./scene.ts";
import { Violation } from "./watched.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  /** SHA-256 of the event log. */
  readonly digest: string;
  readonly violation: string | undefined;
  readonly figures: Figures;
  /** How often each kind of trouble came. */
  readonly happened: Readonly<Record<string, number>>;
}

export interface Figures {
  readonly events: number;
  readonly issuances: number;
  readonly reloads: number;
  /** Moments that the clock stopped at. */
  readonly steps: number;
  /** The shortest life in ms that a pair had left when it was replaced in time. */
  readonly leastLeft: number;
  /** Pairs that ended before the next one came: each in an outage longer than what they had left. */
  readonly expired: number;
}

/** Runs one seed. */
export async function simulate(options: WorldOptions): Promise<Outcome> {
  const digest = createHash("sha256");
  const world = new World({
    ...options,
    log: (line) => {
      digest.update(`${line}\n`);
      options.log(line);
    },
  });
  let violation: string | undefined;
  try {
    await world.run();
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
    violation = `${formatTime(world.time.trueNow)} ${thrown.message}`;
  }
  await world.close();
  const { events, issuances, steps, dependents, invariants } = world;
  const { leastLeft, expired } = invariants;
  const figures = { events, issuances, reloads: dependents.runs, steps, leastLeft, expired };
  return { seed: options.seed, digest: digest.digest("hex"), violation, figures, happened: world.happened };
}
