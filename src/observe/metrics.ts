import type { DaemonStatus } from "../domain/status.ts";
import type { Clock } from "../rotation/ports.ts";
import { statusSamples } from "./gauges.ts";
import type { Sample } from "./metric-catalog.ts";
import { processSamples } from "./process-samples.ts";
import type { Exposition } from "./routes.ts";
import type { Tally } from "./tally.ts";

interface MetricSources {
  readonly tally: Tally;
  readonly status: () => DaemonStatus;
  readonly clock: Clock;
}

/** What `/metrics` calls: gauges from the status of this moment, counters from the tally. */
export function createMetrics({ tally, status, clock }: MetricSources): () => Promise<Exposition> {
  let writing: Promise<(samples: readonly Sample[]) => Promise<Exposition>> | undefined;
  return async () => {
    writing ??= import("./exposition.ts").then(({ createExposition }) => createExposition());
    const write = await writing;
    const now = status();
    const known = {
      issuers: now.issuers.map((issuer) => issuer.name),
      clusters: now.clusters.map((cluster) => cluster.name),
    };
    return write([...statusSamples(now, clock.now()), ...tally.samples(known), ...processSamples()]);
  };
}
