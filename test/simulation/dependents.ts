import { LeafdError } from "../../src/domain/errors.ts";
import { type Millis, SECOND } from "../../src/domain/units.ts";
import type { Reloader } from "../../src/rotation/ports.ts";
import type { Random } from "./random.ts";
import type { ProcessClock } from "./virtual-time.ts";

export interface DependentTrouble {
  readonly kind: "fails" | "hangs";
  /** Which dependent. */
  readonly target: string;
}

/** The reload step's own timeout. */
const TIMEOUT: Millis = 30 * SECOND;

/** The programs that use the pairs: each notes which generation of a service it was told to read. */
export class Dependents {
  readonly troubles = new Set<DependentTrouble>();
  /** Service → the generation that its dependent has read last. */
  readonly told = new Map<string, string>();
  runs = 0;
  readonly #random: Random;
  readonly #visible: (service: string) => string | undefined;

  constructor(random: Random, visible: (service: string) => string | undefined) {
    this.#random = random;
    this.#visible = visible;
  }

  /** The port of a process. */
  port(clock: ProcessClock): Reloader {
    return {
      targetKey: (step) => (step.kind === "touch" ? step.path : step.kind),
      run: async (step, { services }, signal) => {
        this.runs += 1;
        const target = step.kind === "touch" ? step.path : step.kind;
        const read = services.map((service) => [service, this.#visible(service)] as const);
        const delay = this.#random.whole(5, 800);
        const trouble = [...this.troubles].find((one) => one.target === target);
        await clock.sleep(trouble?.kind === "hangs" ? TIMEOUT : delay, signal);
        if (trouble?.kind === "hangs") throw new LeafdError("reload_timeout", "it did not end in time");
        if (trouble?.kind === "fails") throw new LeafdError("reload_failed", "it said no");
        for (const [service, generation] of read) if (generation !== undefined) this.told.set(service, generation);
        return "told";
      },
    };
  }
}
