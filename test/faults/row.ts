import type { InvariantCounts } from "./invariants.ts";

/** One row of the scorecard: a fault that is injected into the real thing, and what must hold meanwhile. */
export interface FaultRow {
  readonly id: number;
  /** In the words of the scorecard. */
  readonly fault: string;
  readonly expected: string;
  run(scene: Scene): Promise<Outcome>;
}

export interface Outcome {
  readonly verdict: "pass" | "fail" | "deferred";
  /** What was measured, such as `recovery_s=1.2 attempts=7`; for `deferred` the reason. */
  readonly figure: string;
  /** What went wrong, for a fail: one line a violation. */
  readonly problems?: readonly string[];
  /** How often each of I1–I5 was violated, where the row watched them. */
  readonly invariants?: InvariantCounts;
}

/** What the runner gives a row. */
export interface Scene {
  /** Everything deferred to it is cleaned up after the row. */
  readonly resources: AsyncDisposableStack;
  /** A line for whoever watches the run; it is not kept. */
  readonly note: (line: string) => void;
  /** Long rows in full length. */
  readonly full: boolean;
}
