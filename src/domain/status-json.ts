import { LeafdError } from "./errors.ts";
import type { DaemonStatus, ServiceStatus } from "./status.ts";
import { formatTime } from "./units.ts";

/** The members of a status that are points in time, wherever they stand: numbers in the program, RFC 3339 in JSON. */
const TIMES: ReadonlySet<string> = new Set(
  "startedAt configLoadedAt at tokenExpires nextAt notBefore notAfter due issue store reload confirm pausedUntil from since probeAt failedAt reserveNotAfter caNotAfter trustNotAfter lastTick".split(
    " ",
  ),
);

/** A status, or the part of it that is about one service or about none. */
type StatusPart = DaemonStatus | ServiceStatus | Omit<DaemonStatus, "services">;

/** The status as JSON, its times in RFC 3339 (UTC, whole seconds). Members may be added to it, none renamed. */
export function statusToJson(status: StatusPart, indent?: number): string {
  const write = (key: string, value: unknown) =>
    typeof value === "number" && TIMES.has(key) ? formatTime(value) : value;
  return JSON.stringify(status, write, indent);
}

/** Reads what `statusToJson` wrote; LeafdError `bad_response` when it is something else. */
export function statusFromJson(text: string): DaemonStatus {
  const read = (key: string, value: unknown) =>
    typeof value === "string" && TIMES.has(key) ? Date.parse(value) : value;
  let value: unknown;
  try {
    value = JSON.parse(text, read);
  } catch {
    value = undefined;
  }
  if (isDaemonStatus(value)) return value;
  throw new LeafdError("bad_response", "the answer is not a leafd status", {
    hint: "Check that the running leafd and this program are of one version.",
  });
}

function isDaemonStatus(value: unknown): value is DaemonStatus {
  if (typeof value !== "object" || value === null) return false;
  const { version, services, clusters } = value as Partial<Record<keyof DaemonStatus, unknown>>;
  return typeof version === "string" && Array.isArray(services) && Array.isArray(clusters);
}
