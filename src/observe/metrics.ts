import type { DaemonStatus } from "../domain/status.ts";
import type { Clock } from "../rotation/ports.ts";
import { statusSamples } from "./gauges.ts";
import type { Sample } from "./metric-catalog.ts";
import { processSamples } from "./process-samples.ts";
import type { Exposition } from "./routes.ts";
import type { Tally } from "./tally.ts";

export interface MetricSources {
  readonly tally: Tally;
  readonly status: () => DaemonStatus;
  readonly clock: Clock;
  /**
   * False leaves out the process itself: node_exporter, which reads what `once` writes, has its own metrics of these
   * names and would refuse all of them.
   */
  readonly ofProcess?: boolean;
}

/** What `/metrics` calls: gauges from the status of this moment, counters from the tally. */
export function createMetrics({ tally, status, clock, ofProcess = true }: MetricSources): () => Promise<Exposition> {
  let writing: Promise<(samples: readonly Sample[]) => Promise<Exposition>> | undefined;
  return async () => {
    writing ??= import("./exposition.ts").then(({ createExposition }) => createExposition());
    const write = await writing;
    const now = status();
    const known = {
      issuers: now.issuers.map((issuer) => issuer.name),
      clusters: now.clusters.map((cluster) => cluster.name),
    };
    const ofThisProcess = ofProcess ? processSamples(now.startedAt) : [];
    return write([...statusSamples(now, clock.now()), ...tally.samples(known), ...ofThisProcess]);
  };
}
