import { closest } from "../domain/closest.ts";
import type { ProbeSpec, WindowSpec } from "../domain/outage-spec.ts";
import { SECOND } from "../domain/units.ts";
import { parseEndpoint } from "./addresses.ts";
import { given } from "./given.ts";
import { type Path } from "./report.ts";
import type { FileService } from "./schema-service.ts";
import type { Report } from "./surroundings.ts";

type FileProbe = NonNullable<FileService["probe"]>;

/** The endpoints of a service that must serve the new pair: one map, or a list of them. */
export function probeSpecs(probe: FileProbe | undefined, path: Path, report: Report): ProbeSpec[] {
  if (probe === undefined) return [];
  const list = Array.isArray(probe) ? probe : [probe];
  return list.map(({ tls, serverName, alpn = [], startTls, timeout = 5 * SECOND, settle = 10 * SECOND }, index) => {
    const endpoint = parseEndpoint(tls);
    if (endpoint === undefined || endpoint.port === 0) {
      const place = [...path, ...(Array.isArray(probe) ? [index] : []), "tls"];
      report({ path: place, at: "value", message: "a port is a number from 1 to 65535" });
    }
    const { host, port } = endpoint ?? { host: "", port: 0 };
    return { host, port, ...given("serverName", serverName), alpn, ...given("startTls", startTls), timeout, settle };
  });
}

type FileWindows = NonNullable<FileService["windows"]>;

/** When reloads may happen. What stands in the fields of a cron expression is judged by runtime/. */
export function windowSpecs(windows: FileWindows, path: Path, report: Report): WindowSpec[] {
  return windows.map(({ cron, duration, timezone = "UTC" }, index) => {
    if (!isTimezone(timezone)) {
      const meant = closest(timezone, Intl.supportedValuesOf("timeZone"));
      const hint = meant === undefined ? 'write an IANA name such as "Europe/Berlin"' : `did you mean "${meant}"?`;
      report({ path: [...path, index, "timezone"], at: "value", message: "no time zone has this name", hint });
    }
    return { cron, duration, timezone };
  });
}

/** An IANA name. An offset such as +02:00, which Intl takes too, would be wrong for half of the year. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return true;
  } catch {
    return false;
  }
}
