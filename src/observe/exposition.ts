import { Counter, Gauge, Registry } from "prom-client";
import { METRICS, type MetricName, type Sample } from "./metric-catalog.ts";
import type { Exposition } from "./routes.ts";

/*
 * The only file that imports prom-client, and itself imported at the first scrape only (metrics.ts): it costs 100 ms of
 * the start and 5 MB that a leafd without Prometheus never needs.
 */

/** Answers a function that writes samples in the Prometheus text format. Each call shows these samples and no others. */
export function createExposition(): (samples: readonly Sample[]) => Promise<Exposition> {
  const registry = new Registry();
  const metrics = new Map<string, Gauge | Counter>();
  for (const [name, { type, labels, help }] of Object.entries(METRICS)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    metrics.set(name, type === "gauge" ? new Gauge(options) : new Counter(options));
  }
  return async (samples) => {
    for (const metric of metrics.values()) metric.reset();
    for (const { metric, labels, value } of samples)
      metrics.get(metric satisfies MetricName)?.inc({ ...labels }, value);
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}
