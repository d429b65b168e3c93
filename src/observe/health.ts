import { type DaemonStatus, describeValidity, hasValidPair, isReady } from "../domain/status.ts";
import { type EpochMillis, formatDuration, type Millis, SECOND } from "../domain/units.ts";

/** The answer to a probe. */
export interface Health {
  readonly healthy: boolean;
  /** Plain text for people, a newline at its end. */
  readonly text: string;
}

/** The scheduler looks at the clock at least every 30 s: three misses are no coincidence. */
const STALLED_AFTER = 90 * SECOND;

/** Alive: the scheduler runs. Says nothing about Vault or any certificate: a restart would cure neither. */
export function liveness(sinceTick: Millis): Health {
  if (sinceTick <= STALLED_AFTER) return { healthy: true, text: "ok\n" };
  return { healthy: false, text: `the scheduler has not run for ${formatDuration(sinceTick)}\n` };
}

/** Ready: every required service has a valid certificate now. A refusal says which has not, as `verbose` always does. */
export function readiness(
  status: DaemonStatus,
  options: { readonly now: EpochMillis; readonly verbose: boolean },
): Health {
  const healthy = isReady(status, options.now);
  if (healthy && !options.verbose) return { healthy, text: "ok\n" };
  const lines = status.services.map((service) => {
    const mark = hasValidPair(service, options.now) ? "+" : service.required ? "-" : " ";
    const note = service.required ? "" : " (not required)";
    return `[${mark}]${service.name} ${describeValidity(service, options.now)}${note}\n`;
  });
  return { healthy, text: `${lines.join("")}readyz check ${healthy ? "passed" : "failed"}\n` };
}
