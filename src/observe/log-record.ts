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
  readonly repeated?: number;
  readonly [field: string]: unknown;
}

/** Members that are points in time, written in RFC 3339. */
const TIMES = new Set("notBefore notAfter due retryAt nextAt opensAt servedUntil toldAt until believed".split(" "));
/** Members that are lengths of time, written in milliseconds under a name that says so. */
const DURATIONS = new Set("took ttl asked got survive possible departure skew".split(" "));
/** Members that the record tells in its own way; a message is part of msg. */
const ELSEWHERE = new Set(["at", "kind", "leaf", "message"]);
/** What is told of a leaf; the hashes are the program's own business. */
const LEAF_FIELDS = ["serial", "fingerprint", "generation", "issuer", "notBefore", "notAfter", "due"] as const;

/** `repeated`: lines of a failure that were left out before this one. */
export function logRecord(event: RotationEvent, repeated = 0): LogRecord {
  const record: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) if (!ELSEWHERE.has(name)) put(record, name, value);
  if (repeated > 0) record["repeated"] = repeated;
  if ("leaf" in event) for (const name of LEAF_FIELDS) put(record, name, event.leaf[name]);
  return { time: new Date(event.at).toISOString(), event: event.kind, ...record, msg: scrub(messageOf(event)) };
}

function put(record: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "number") record[name] = scrubValue(value);
  else if (TIMES.has(name)) record[name] = formatTime(value);
  else if (DURATIONS.has(name)) record[`${name}Ms`] = Math.round(value);
  else record[name] = value;
}
