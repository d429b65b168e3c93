import type { FaultRow } from "./row.ts";
import { ANSWER_ROWS } from "./rows/answers.ts";

/** Every row that there is, in the order of the scorecard. */
export const CARD: readonly FaultRow[] = [...ANSWER_ROWS].sort((a, b) => a.id - b.id);
