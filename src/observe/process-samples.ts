import { readdirSync } from "node:fs";
import { type EpochMillis, SECOND } from "../domain/units.ts";
import type { Sample } from "./metric-catalog.ts";

/**
 * The process itself, under the names every Prometheus client uses. Read when somebody scrapes: prom-client's own
 * collectors come with an event loop sampler that wakes the process 97 times a second.
 */
export function processSamples(startedAt: EpochMillis): Sample[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const openFds = countOpenFds();
  const labels = {};
  return [
    { metric: "process_start_time_seconds", value: startedAt / SECOND, labels },
    { metric: "process_cpu_seconds_total", value: (user + system) / 1e6, labels },
    { metric: "process_resident_memory_bytes", value: rss, labels },
    { metric: "nodejs_heap_size_used_bytes", value: heapUsed, labels },
    ...(openFds === undefined ? [] : [{ metric: "process_open_fds", value: openFds, labels } as const]),
  ];
}

/** Less the one that counting takes; undefined where there is no /proc. */
function countOpenFds(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
