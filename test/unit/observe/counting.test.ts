import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CAUSES } from "../../../src/domain/events.ts";
import { SECOND } from "../../../src/domain/units.ts";
import { BUCKETS, METRICS } from "../../../src/observe/metric-catalog.ts";
import { ALL_EVENTS, EVENTS } from "../../support/events.ts";
import { metricOf, observed } from "../../support/observed.ts";

const types = new Map<string, string>(Object.entries(METRICS).map(([name, { type }]) => [name, type]));
/** What leafd counts: its counters and histograms. */
const counted = (all: Map<string, number>) =>
  [...all].filter(([series]) => series.startsWith("leafd_") && types.get(metricOf(series)) !== "gauge");

describe("counting", () => {
  it("starts at 0, and everything in the catalog that counts is moved by something that happens", async () => {
    const { tally, scrape } = observed();
    const before = counted(await scrape());
    assert.ok(before.length > 100 && before.every(([, value]) => value === 0));
    for (const event of ALL_EVENTS) tally.emit(event);
    tally.emit({ ...EVENTS.published, cause: "damaged", mends: "damaged" });
    tally.emit({ ...EVENTS.delivered, proofOwed: true });
    tally.emit(EVENTS.confirmed);
    const moved = new Set(counted(await scrape()).flatMap(([series, value]) => (value > 0 ? [metricOf(series)] : [])));
    const all = [...types].flatMap(([name, type]) => (name.startsWith("leafd_") && type !== "gauge" ? [name] : []));
    assert.deepEqual(
      all.filter((name) => !moved.has(name)),
      [],
      "nothing moves these",
    );
  });

  it("adds no series for what happens: the children of closed sets are known", async () => {
    const { tally, scrape } = observed();
    const before = (await scrape()).size;
    for (const event of ALL_EVENTS) tally.emit(event);
    for (const cause of CAUSES) tally.emit({ ...EVENTS.published, cause, mends: "missing" });
    assert.equal((await scrape()).size, before);
  });

  it("takes no spent budget, full disk or refused certificate for an attempt at the issuer", async () => {
    const { tally, scrape } = observed();
    const failed = EVENTS.rotation_failed;
    tally.emit({ ...failed, stage: "issue", reason: "budget_exhausted" });
    tally.emit({ ...failed, stage: "preflight", reason: "disk_full" });
    tally.emit({ ...failed, stage: "verify", reason: "name_extra" });
    tally.emit({ ...failed, stage: "issue", reason: "sealed" });
    const series = await scrape();
    assert.equal(series.get('leafd_issuance_attempts_total{issuer="main",result="failed"}'), 1);
    for (const reason of ["budget_exhausted", "disk_full", "name_extra", "sealed"])
      assert.equal(series.get(`leafd_rotation_failures_total{issuer="main",reason="${reason}"}`), 1, reason);
  });

  it("keeps a reason that nobody foresaw for its place", async () => {
    const { tally, scrape } = observed();
    tally.emit({ ...EVENTS.reload_failed, method: "exec", reason: "internal" });
    assert.equal((await scrape()).get('leafd_reload_failures_total{method="exec",reason="internal"}'), 1);
  });
});

describe("how long it took", () => {
  const { issued, published, delivered, confirmed, recovered, proof_failed } = EVENTS;
  const owing = { ...delivered, proofOwed: true } as const;
  const atSecond = (seconds: number) => ({ at: issued.at + seconds * SECOND });

  it("is counted in the bucket it fits in and in all above, with the sum", async () => {
    const { tally, scrape } = observed();
    for (const took of [50, 51, 900, 60_000]) tally.emit({ ...issued, took });
    const series = await scrape();
    const buckets = [...BUCKETS.leafd_issuance_duration_seconds, "+Inf"].map((le) =>
      series.get(`leafd_issuance_duration_seconds_bucket{issuer="main",le="${le}"}`),
    );
    assert.deepEqual(buckets, [1, 2, 2, 2, 3, 3, 3, 3, 4]);
    assert.equal(series.get('leafd_issuance_duration_seconds_count{issuer="main"}'), 4);
    assert.equal(series.get('leafd_issuance_duration_seconds_sum{issuer="main"}'), 61.001);
  });

  it("until a pair is served is told from the first reload to the proof", async () => {
    const { tally, scrape } = observed();
    const reloads = [published, owing, proof_failed, { ...owing, ...atSecond(8) }, { ...confirmed, ...atSecond(9) }];
    for (const event of reloads) tally.emit(event);
    const series = await scrape();
    assert.equal(series.get("leafd_reload_to_served_seconds_sum"), 9);
    assert.equal(series.get("leafd_reload_to_served_seconds_count"), 1);
  });

  it("is told from the publication where dependents look by themselves, and of each pair for itself", async () => {
    const { tally, scrape } = observed();
    const looking = { ...published, reloadOwed: false, proofOwed: true } as const;
    for (const event of [looking, { ...looking, ...atSecond(5) }, { ...confirmed, ...atSecond(7) }]) tally.emit(event);
    assert.equal((await scrape()).get("leafd_reload_to_served_seconds_sum"), 2);
  });

  it("is not told of a pair that an earlier run has delivered, nor of a second look", async () => {
    const { tally, scrape } = observed();
    for (const event of [{ ...recovered, proofOwed: true } as const, confirmed, confirmed]) tally.emit(event);
    assert.equal((await scrape()).get("leafd_reload_to_served_seconds_count"), 0);
  });
});
