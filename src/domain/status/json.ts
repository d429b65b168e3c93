import { LeafdError } from "../errors.ts";
import type { Explanation } from "../explain.ts";
import type { DaemonStatus, ServiceStatus } from "../status.ts";
import { formatTime } from "../units.ts";

/** The members of a status that are points in time, wherever they stand: numbers in the program, RFC 3339 in JSON. */
const TIMES: ReadonlySet<string> = new Set(
  "startedAt configLoadedAt at tokenExpires nextAt notBefore notAfter due issue store reload confirm pausedUntil from since probeAt failedAt reserveNotAfter usedUntil caNotAfter trustNotAfter lastTick retryAt opensAt windowOpensAt".split(
    " ",
  ),
);

/** A status, or the part of it that is about one service or about none. */
type StatusPart = DaemonStatus | ServiceStatus | Omit<DaemonStatus, "services">;

/** The status as JSON, its times in RFC 3339 (UTC, whole seconds). Members may be added to it, none renamed. */
export function statusToJson(status: StatusPart, indent?: number): string {
  return write(status, indent);
}

/** Reads what `statusToJson` wrote; LeafdError `bad_response` when it is something else. */
export function statusFromJson(text: string): DaemonStatus {
  const value = read(text);
  if (isDaemonStatus(value)) return value;
  throw notOne("status");
}

/** The same for the explanation of a service. */
export function explanationToJson(explanation: Explanation, indent?: number): string {
  return write(explanation, indent);
}

/** Reads what `explanationToJson` wrote; LeafdError `bad_response` when it is something else. */
export function explanationFromJson(text: string): Explanation {
  const value = read(text);
  if (isExplanation(value)) return value;
  throw notOne("explanation");
}

function write(value: object, indent?: number): string {
  const asText = (key: string, member: unknown) =>
    typeof member === "number" && TIMES.has(key) ? formatTime(member) : member;
  return JSON.stringify(value, asText, indent);
}

function read(text: string): unknown {
  const asNumber = (key: string, member: unknown) =>
    typeof member === "string" && TIMES.has(key) ? Date.parse(member) : member;
  try {
    return JSON.parse(text, asNumber);
  } catch {
    return undefined;
  }
}

function notOne(what: string): LeafdError {
  return new LeafdError("bad_response", `the answer is not a leafd ${what}`, {
    hint: "Check that the running leafd and this program are of one version.",
  });
}

function isExplanation(value: unknown): value is Explanation {
  if (typeof value !== "object" || value === null) return false;
  const { service, outage, failing } = value as Partial<Record<keyof Explanation, unknown>>;
  return typeof service === "object" && Array.isArray(outage) && Array.isArray(failing);
}

function isDaemonStatus(value: unknown): value is DaemonStatus {
  if (typeof value !== "object" || value === null) return false;
  const { version, services, clusters } = value as Partial<Record<keyof DaemonStatus, unknown>>;
  return typeof version === "string" && Array.isArray(services) && Array.isArray(clusters);
}
