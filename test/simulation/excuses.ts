import type { EpochMillis, Millis } from "../../src/domain/units.ts";

interface Excuse {
  active: number;
  /** When the last one was over, its aftermath included. */
  until: EpochMillis;
}

/** What excuses a delay: the troubles that the simulation makes, by what they keep leafd from doing. */
export class Excuses {
  readonly #byScope = new Map<string, Excuse>();

  begin(scope: string): void {
    this.#of(scope).active += 1;
  }

  /** The trouble is over at `at`, and what it set off takes `aftermath` more. */
  end(scope: string, at: EpochMillis, aftermath: Millis = 0): void {
    const excuse = this.#of(scope);
    excuse.active -= 1;
    excuse.until = Math.max(excuse.until, at + aftermath);
  }

  /** Since when nothing of these scopes stands in the way; infinity: something does now. */
  clearSince(scopes: readonly string[]): EpochMillis {
    let since = 0;
    for (const scope of scopes) {
      const excuse = this.#byScope.get(scope);
      if (excuse === undefined) continue;
      if (excuse.active > 0) return Number.POSITIVE_INFINITY;
      since = Math.max(since, excuse.until);
    }
    return since;
  }

  #of(scope: string): Excuse {
    const known = this.#byScope.get(scope) ?? { active: 0, until: 0 };
    this.#byScope.set(scope, known);
    return known;
  }
}
