import { Gauge, Registry } from "prom-client";
import { type Definition, METRICS, type Sample } from "./metric-catalog.ts";
import type { Exposition } from "./routes.ts";

/*
 * The only file that imports prom-client, and itself imported at the first scrape only (metrics.ts): it costs 100 ms of
 * the start and 5 MB that a leafd without Prometheus never needs.
 */

/** Answers a function that writes samples in the Prometheus text format. Each call shows these samples and no others. */
export function createExposition(): (samples: readonly Sample[]) => Promise<Exposition> {
  const registry = new Registry();
  const shown = new Map(Object.entries(METRICS).map(([name, definition]) => [name, new Shown(name, definition)]));
  return async (samples) => {
    for (const metric of shown.values()) metric.samples = [];
    for (const sample of samples) shown.get(sample.metric)?.samples.push(sample);
    registry.clear();
    for (const metric of shown.values()) if (metric.samples.length > 0) registry.registerMetric(metric);
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}

/** A metric that counts nothing itself: leafd has the values, of histograms too, and prom-client writes them. */
class Shown extends Gauge {
  /** Read by prom-client. */
  readonly type: string;
  samples: Sample[] = [];

  constructor(name: string, { help, labels, type }: Definition) {
    super({ name, help, labelNames: [...labels], registers: [] });
    this.type = type;
  }

  /** The samples of this moment, taken before anything is waited for: two scrapes may be written at once. */
  override async get() {
    const values = this.samples.map(({ metric, part, labels, value }) => ({
      metricName: part === undefined ? metric : `${metric}_${part}`,
      labels,
      value,
    }));
    return { ...(await super.get()), values };
  }
}
