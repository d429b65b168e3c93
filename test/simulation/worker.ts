import { type Outcome, simulate } from "./simulate.ts";

/*
 * A process of its own that simulates the seeds it is sent, one after the other, and sends the outcomes back.
 */

/** What it is sent. */
export interface Task {
  readonly seed: number;
  readonly days: number;
}

/** What it sends. */
export interface Done {
  readonly outcome: Outcome;
  /** Processor time in ms. */
  readonly cpu: number;
}

// Thousands of errors are part of the play, and nobody reads where they were made.
Error.stackTraceLimit = 0;

process.on("message", (task: Task) => {
  const before = process.cpuUsage();
  const finish = (outcome: Outcome): void => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ outcome, cpu: (user + system) / 1000 } satisfies Done);
  };
  void simulate({ ...task, log: () => undefined }).then(finish);
});
