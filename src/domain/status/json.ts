import type { DaemonStatus, ServiceStatus } from "../status.ts";
import { readTimed, writeTimed } from "../timed-json.ts";

/** A status, or the part of it that is about one service or about none. */
type StatusPart = DaemonStatus | ServiceStatus | Omit<DaemonStatus, "services">;

/** The status as JSON: see timed-json.ts. */
export function statusToJson(status: StatusPart, indent?: number): string {
  return writeTimed(status, indent);
}

/** Reads what `statusToJson` wrote of a whole daemon; LeafdError `bad_response` when it is something else. */
export function statusFromJson(text: string): DaemonStatus {
  return readTimed(text, "status", isDaemonStatus);
}

function isDaemonStatus(value: unknown): value is DaemonStatus {
  if (typeof value !== "object" || value === null) return false;
  const { version, services, clusters } = value as Partial<Record<keyof DaemonStatus, unknown>>;
  return typeof version === "string" && Array.isArray(services) && Array.isArray(clusters);
}
