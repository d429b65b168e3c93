import { isDeepStrictEqual } from "node:util";
import type { Outcome } from "./row.ts";

/** What a row found that does not hold: it goes on after a violation, so that one run shows them all. */
export class Findings {
  readonly problems: string[] = [];

  /** `otherwise` is the line that a violation is reported with. */
  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.problems.push(otherwise);
  }

  equal(actual: unknown, expected: unknown, what: string): void {
    const said = `${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
    this.expect(isDeepStrictEqual(actual, expected), said);
  }

  /** Violations that somebody else found, such as the watch on the invariants. */
  add(problems: readonly string[]): void {
    this.problems.push(...problems);
  }

  /** Fails when anything was found. */
  outcome(figure: string): Outcome {
    if (this.problems.length === 0) return { verdict: "pass", figure };
    return { verdict: "fail", figure, problems: this.problems };
  }
}
