import type { RotationEvent } from "../domain/events.ts";
import type { Emit } from "../rotation/ports.ts";
import { levelOf } from "./log-messages.ts";
import { logRecord } from "./log-record.ts";

/** Events that are kept for whoever asks later. */
const KEPT = 500;

/** What happened lately and what happens, for those who look on. Lines are those of the JSON log, of every level. */
interface EventFeed {
  /** Takes an event: a sink like the log. */
  readonly emit: Emit;
  /** The last ones, oldest first, each a JSON object without a line end; of one service when it is named. */
  recent(service?: string): readonly string[];
  /** Hands on each one from now on; answers what ends that. `take` must not throw and must not block. */
  follow(take: (line: string) => void, service?: string): () => void;
}

interface Follower {
  readonly take: (line: string) => void;
  readonly service: string | undefined;
}

/** A feed of the last 500 events. Nothing is written out for nobody: an event becomes a line when somebody reads it. */
export function createEventFeed(): EventFeed {
  const kept: RotationEvent[] = [];
  const followers = new Set<Follower>();
  return {
    emit(event) {
      kept.push(event);
      if (kept.length > KEPT) kept.shift();
      const wanted = [...followers].filter(({ service }) => isOf(event, service));
      if (wanted.length === 0) return;
      const line = lineOf(event);
      for (const { take } of wanted) take(line);
    },
    recent: (service) => kept.filter((event) => isOf(event, service)).map(lineOf),
    follow(take, service) {
      const follower = { take, service };
      followers.add(follower);
      return () => void followers.delete(follower);
    },
  };
}

function isOf(event: RotationEvent, service: string | undefined): boolean {
  return service === undefined || ("service" in event && event.service === service);
}

function lineOf(event: RotationEvent): string {
  return JSON.stringify({ level: levelOf(event), ...logRecord(event) });
}
