import type { Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";

export interface Deadline {
  /** Aborts when the time is over, or with the signal of the caller. */
  readonly signal: AbortSignal;
  /** Takes both back; to be called when the work is over, however it ended. */
  clear(): void;
}

/** A time limit around work that can also be cancelled: whoever sees it abort asks the caller's own signal which it was. */
export function deadlineOf(timeout: Millis, clock: Clock, signal: AbortSignal): Deadline {
  const over = new AbortController();
  const settled = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener("abort", end, { signal: settled.signal });
  clock.sleep(timeout, settled.signal).then(end, () => {});
  return { signal: over.signal, clear: () => settled.abort() };
}
