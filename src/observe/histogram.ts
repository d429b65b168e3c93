import { type Millis, SECOND } from "../domain/units.ts";
import { BUCKETS, type HistogramName, type Sample } from "./metric-catalog.ts";

interface Child {
  readonly labels: Sample["labels"];
  /** By the upper bounds of the buckets, each without those below it; the last is of what is above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** How long something took, counted in the buckets of the catalog. */
export class Histogram {
  readonly #metric: HistogramName;
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, Child>();

  constructor(metric: HistogramName) {
    this.#metric = metric;
    this.#bounds = BUCKETS[metric];
  }

  /** Counts one that took so long; a clock that was set back meanwhile makes it no shorter than nothing. */
  observe(labels: Sample["labels"], took: Millis): void {
    const seconds = Math.max(0, took) / SECOND;
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    const child = this.#child(labels);
    const at = bucket === -1 ? this.#bounds.length : bucket;
    child.counts[at] = (child.counts[at] ?? 0) + 1;
    child.sum += seconds;
  }

  /** All counts so far, each child of `known` among them. */
  *samples(known: Iterable<Sample["labels"]>): Generator<Sample> {
    for (const labels of known) this.#child(labels);
    const metric = this.#metric;
    for (const { labels, counts, sum } of this.#children.values()) {
      let count = 0;
      for (const [index, inBucket] of counts.entries()) {
        count += inBucket;
        const le = this.#bounds[index] ?? "+Inf";
        yield { metric, part: "bucket", labels: { ...labels, le: String(le) }, value: count };
      }
      yield { metric, part: "sum", labels, value: sum };
      yield { metric, part: "count", labels, value: count };
    }
  }

  #child(labels: Sample["labels"]): Child {
    const key = JSON.stringify(labels);
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const child = { labels, counts: [...this.#bounds, 0].map(() => 0), sum: 0 };
    this.#children.set(key, child);
    return child;
  }
}
