import type { RotationEvent } from "../../src/domain/events.ts";

/** All that was said, in its order. */
export class EventRecord {
  readonly events: RotationEvent[] = [];

  kinds(): readonly string[] {
    return this.events.map((event) => event.kind);
  }

  last<K extends RotationEvent["kind"]>(kind: K): Extract<RotationEvent, { kind: K }> | undefined {
    return this.events.findLast((event): event is Extract<RotationEvent, { kind: K }> => event.kind === kind);
  }
}
