import type { Base, Failed } from "./events/base.ts";
import type { Stage } from "./events.ts";
import type { Trouble } from "./state.ts";

/** The row of failures after one more; `before`: as it was, undefined when this is the first. */
export function troubleAfter(event: Base & Failed, stage: Stage, before: Trouble | undefined): Trouble {
  const { at, failures, reason, message, retryAt, hint } = event;
  const since = before?.since ?? at;
  return { failures, reason, message, stage, since, at, retryAt, ...(hint === undefined ? {} : { hint }) };
}
