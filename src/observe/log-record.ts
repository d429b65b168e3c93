import type { RotationEvent } from "../domain/events.ts";
import { formatTime } from "../domain/units.ts";
import { messageOf } from "./log-messages.ts";
import { scrub, scrubValue } from "./scrub.ts";

/** One line of the log before it is written: scrubbed, flat, its names stable. */
export interface LogRecord {
  /** When it happened: RFC 3339 with milliseconds, UTC. */
  readonly time: string;
  /** The kind of the event. */
  readonly event: string;
  readonly msg: string;
  readonly service?: string;
  readonly hint?: string;
  readonly [field: string]: unknown;
}

/** Members that are points in time, written in RFC 3339. */
const TIMES = new Set(["notBefore", "notAfter", "due", "retryAt"]);
/** Members that are lengths of time, written in milliseconds under a name that says so. */
const DURATIONS = new Set(["took", "ttl", "asked", "got"]);
/** What is told of a leaf; the hashes are the program's own business. */
const LEAF_FIELDS = ["serial", "fingerprint", "generation", "issuer", "notBefore", "notAfter", "due"] as const;

export function logRecord(event: RotationEvent): LogRecord {
  const { at, kind, ...members } = event;
  const leaf = "leaf" in event ? LEAF_FIELDS.map((name) => [name, event.leaf[name]] as const) : [];
  const fields = [...Object.entries(members), ...leaf].flatMap(([name, value]) => field(name, value));
  return { time: new Date(at).toISOString(), event: kind, ...Object.fromEntries(fields), msg: scrub(messageOf(event)) };
}

function field(name: string, value: unknown): [name: string, value: unknown][] {
  if (name === "message") return []; // It is part of msg.
  if (name === "leaf" || value === undefined) return [];
  if (TIMES.has(name) && typeof value === "number") return [[name, formatTime(value)]];
  if (DURATIONS.has(name) && typeof value === "number") return [[`${name}Ms`, Math.round(value)]];
  return [[name, scrubValue(value)]];
}
