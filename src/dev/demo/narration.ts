import type { LogRecord } from "./leafd-process.ts";

/**
 * What the demo tells of a line of leafd's log; undefined for what is not worth a line. A failure is told once: the
 * retries after it are many, and what matters is that the certificate holds.
 */
export function narrate({ event, service, level, reason, failures, msg }: LogRecord): string | undefined {
  switch (event) {
    case "rotation_failed":
      if (failures !== 1) return undefined;
      return `leafd: ${text(service)} cannot be renewed (${text(reason)}): keeps what it has, tries again`;
    case "started":
      return text(msg);
    case "cluster_down":
      return `leafd: the Vault does not serve (${text(reason)})`;
    case "cluster_up":
      return "leafd: the Vault serves";
    default:
      return level === "error" ? `leafd: ${text(msg)}` : undefined;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
