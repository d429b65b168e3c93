import type { DaemonStatus } from "../../src/domain/status.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { createTally } from "../../src/observe/tally.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "./status.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Metrics of one healthy service and one without a certificate; `scrape` answers series → value. */
export function observed() {
  const tally = createTally();
  const clock = new VirtualClock(NOW);
  const state: { status: DaemonStatus } = { status: daemonStatus([serviceStatus(), missingService()]) };
  const expose = createMetrics({ tally, clock, status: () => state.status });
  const scrape = async (): Promise<Map<string, number>> => seriesOf((await expose()).body);
  return { tally, clock, state, expose, scrape };
}

/** Series → value of a text in the Prometheus format. */
export function seriesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

/** The metric that a series is of; those of a histogram have names of their own. */
export const metricOf = (series: string): string =>
  series.replace(/\{.*/, "").replace(/(_seconds)_(bucket|sum|count)$/, "$1");
