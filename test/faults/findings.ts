import { isDeepStrictEqual } from "node:util";
import type { InvariantCounts, InvariantReport } from "./invariants.ts";
import type { Outcome } from "./row.ts";

/** What a row found that does not hold: it goes on after a violation, so that one run shows them all. */
export class Findings {
  readonly #problems: string[] = [];
  #counts: InvariantCounts | undefined;

  /** Violations so far. */
  get count(): number {
    return this.#problems.length;
  }

  /** `otherwise` is the line that a violation is reported with. */
  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.#problems.push(otherwise);
  }

  equal(actual: unknown, expected: unknown, what: string): void {
    const said = `${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
    this.expect(isDeepStrictEqual(actual, expected), said);
  }

  /** What the watch on the invariants saw; it must have seen something. */
  watched(report: InvariantReport): void {
    this.#problems.push(...report.problems);
    for (const { directory, reads } of report.seen) this.expect(reads > 0, `${directory} was never read`);
    this.#counts = report.counts;
  }

  /** Fails when anything was found. */
  outcome(figure: string): Outcome {
    const counts = this.#counts === undefined ? {} : { invariants: this.#counts };
    if (this.count === 0) return { verdict: "pass", figure, ...counts };
    return { verdict: "fail", figure, problems: this.#problems, ...counts };
  }
}
