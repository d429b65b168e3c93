import type { Course } from "./course.ts";
import type { DrillStage } from "./stage.ts";

/** One thing that goes wrong, and what leafd is to do about it. */
export interface Act {
  /** As the table calls it. */
  readonly name: string;
  readonly headline: string;
  /** What has been seen when it went as told. */
  readonly moral: string;
  /** Those whom it is about. */
  readonly services: readonly string[];
  /** Rejects when something does not happen. */
  readonly play: (course: Course, stage: DrillStage, stop: AbortSignal) => Promise<void>;
  /** Leaves nothing broken for the next act, however this one ended. */
  readonly tidy?: (stage: DrillStage) => Promise<unknown>;
}
