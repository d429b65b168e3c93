import type { RotationEvent } from "../domain/events.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";

/** What comes after these is told of another pair, or of none. */
const OVER: ReadonlySet<RotationEvent["kind"]> = new Set<RotationEvent["kind"]>([
  "published",
  "recovered",
  "nothing_usable",
  "confirmed",
  "service_removed",
]);

/**
 * How long dependents take to serve what they have been told of: from the first reload of a pair, or from its
 * publication where they look at the files by themselves, until a probe has seen all of them serve it. What an earlier
 * run has told is not timed: nobody knows when they began to serve it.
 */
export class ServedTimer {
  readonly #since = new Map<string, EpochMillis>();

  /** Answers how long it took when this event ends it. */
  take(event: RotationEvent): Millis | undefined {
    if (!("service" in event)) return undefined;
    const { kind, service, at } = event;
    const since = this.#since.get(service);
    if (OVER.has(kind)) this.#since.delete(service);
    const isTold = (kind === "published" || (kind === "delivered" && since === undefined)) && event.proofOwed === true;
    if (isTold) this.#since.set(service, at);
    return kind === "confirmed" && since !== undefined ? Math.max(0, at - since) : undefined;
  }
}
