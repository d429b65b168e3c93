import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { CAUSES } from "../../../src/domain/events.ts";
import type { DaemonStatus } from "../../../src/domain/status.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { METRICS } from "../../../src/observe/metric-catalog.ts";
import { createMetrics } from "../../../src/observe/metrics.ts";
import { createTally } from "../../../src/observe/tally.ts";
import { ALL_EVENTS, EVENTS } from "../../support/events.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** Metrics of one healthy service and one without a certificate; `scrape` answers series → value. */
function observed() {
  const tally = createTally();
  const clock = new VirtualClock(NOW);
  const state: { status: DaemonStatus } = { status: daemonStatus([serviceStatus(), missingService()]) };
  const expose = createMetrics({ tally, clock, status: () => state.status });
  const scrape = async (): Promise<Map<string, number>> => {
    const { body } = await expose();
    const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
    );
  };
  return { tally, clock, state, expose, scrape };
}

const nameOf = (series: string): string => series.replace(/\{.*/, "");
const labelsOf = (series: string): string[] => [...series.matchAll(/[{,](\w+)="/g)].map(([, label = ""]) => label);

describe("the metrics", () => {
  it("load their library at the first scrape, not before", async () => {
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes("prom-client"));
    const { tally, scrape } = observed();
    tally.emit(EVENTS.issued);
    assert.equal(loaded(), false);
    const series = await scrape();
    assert.equal(loaded(), true);
    assert.equal(series.get('leafd_issuance_attempts_total{issuer="main",result="issued"}'), 1);
  });

  it("are all there, with exactly the labels they are documented with, before anything has happened", async () => {
    const series = [...(await observed().scrape()).keys()];
    assert.deepEqual(new Set(series.map(nameOf)), new Set(Object.keys(METRICS)));
    for (const one of series) {
      const labels: readonly string[] | undefined = new Map(Object.entries(METRICS)).get(nameOf(one))?.labels;
      assert.deepEqual(new Set(labelsOf(one)), new Set(labels), one);
    }
  });

  it("are named and typed as Prometheus wants them", () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      assert.match(name, /^(leafd|process|nodejs)_[a-z_]+$/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
    }
  });

  it("start every counter at 0, and count in every one of them", async () => {
    const { tally, scrape } = observed();
    const counters = (all: Map<string, number>) => [...all].filter(([series]) => /^leafd_.*_total/.test(series));
    const before = counters(await scrape());
    assert.ok(before.length > 100 && before.every(([, value]) => value === 0));
    for (const event of ALL_EVENTS) tally.emit(event);
    const moved = new Set(counters(await scrape()).flatMap(([series, value]) => (value > 0 ? [nameOf(series)] : [])));
    assert.deepEqual(moved, new Set(before.map(([series]) => nameOf(series))));
  });

  it("add no series for what happens: the children of closed sets are known", async () => {
    const { tally, scrape } = observed();
    const before = (await scrape()).size;
    for (const event of ALL_EVENTS) tally.emit(event);
    for (const cause of CAUSES) tally.emit({ ...EVENTS.published, cause });
    assert.equal((await scrape()).size, before);
  });

  it("are at most 12 series a service, in whatever state it is", async () => {
    const { tally, state, scrape } = observed();
    const service = serviceStatus({ state: "retrying", reason: "sealed", message: "x", failures: 3, delivered: false });
    state.status = daemonStatus([]);
    for (const event of ALL_EVENTS) tally.emit(event);
    const none = (await scrape()).size;
    state.status = daemonStatus([{ ...service, name: "a" }]);
    const one = (await scrape()).size;
    state.status = daemonStatus([
      { ...service, name: "a" },
      { ...service, name: "b" },
    ]);
    const two = (await scrape()).size;
    assert.ok(two - one <= 12, `${two - one}`);
    assert.ok([...(await scrape()).keys()].filter((series) => series.includes('service="b"')).length === two - one);
    assert.ok(one > none);
  });
});

describe("a certificate's metrics", () => {
  it("tell its times, its identity and whether it is in force", async () => {
    const { clock, scrape } = observed();
    const series = await scrape();
    const of = (name: string, more = "") => series.get(`leafd_${name}{service="payments"${more}}`);
    assert.equal(of("certificate_not_before_timestamp_seconds"), (NOW - 12 * HOUR) / 1000);
    assert.equal(of("certificate_not_after_timestamp_seconds"), (NOW + 12 * HOUR) / 1000);
    assert.equal(of("certificate_renewal_due_timestamp_seconds"), (NOW + 8 * HOUR) / 1000);
    assert.equal(of("certificate_valid"), 1);
    assert.equal(of("reload_owed"), 0);
    assert.equal(of("consecutive_failures"), 0);
    assert.equal(of("last_success_timestamp_seconds", ',stage="reload"'), (NOW - 12 * HOUR) / 1000);
    assert.equal([...series].filter(([name]) => name.startsWith("leafd_certificate_info{")).length, 1);
    clock.jump(12 * HOUR);
    assert.equal((await scrape()).get('leafd_certificate_valid{service="payments"}'), 0);
  });

  it("say when a reload is owed", async () => {
    const { state, scrape } = observed();
    state.status = daemonStatus([serviceStatus({ delivered: false, failures: 2 })]);
    const series = await scrape();
    assert.equal(series.get('leafd_reload_owed{service="payments"}'), 1);
    assert.equal(series.get('leafd_consecutive_failures{service="payments"}'), 2);
  });

  it("say 0 and nothing else of one that is not there", async () => {
    const series = await observed().scrape();
    const names = [...series].filter(([name]) => name.includes('service="billing"'));
    assert.deepEqual(Object.fromEntries(names.map(([name, value]) => [nameOf(name), value])), {
      leafd_certificate_valid: 0,
      leafd_consecutive_failures: 2,
      leafd_reload_owed: 0,
      leafd_next_action_timestamp_seconds: (NOW + 5000) / 1000,
    });
  });

  it("leave the old identity behind with a rotation, and all of it with the service", async () => {
    const { state, scrape } = observed();
    assert.ok([...(await scrape()).keys()].some((series) => series.includes("3f2a91b07c44d5e6")));
    state.status = daemonStatus([serviceStatus({ serial: "beef", fingerprint: "cd".repeat(32) })]);
    const infos = [...(await scrape()).keys()].filter((series) => series.startsWith("leafd_certificate_info{"));
    assert.equal(infos.length, 1);
    assert.match(infos[0] ?? "", /serial="beef"/);
    state.status = daemonStatus([]);
    assert.equal([...(await scrape()).keys()].filter((series) => series.includes("service=")).length, 0);
  });
});

describe("counting", () => {
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

describe("the exposition", () => {
  it("survives any name in a label, and two scrapes at once", async () => {
    const { state, expose } = observed();
    state.status = daemonStatus([serviceStatus({ issuer: 'a"b\\c\nd' })]);
    const [first, second] = await Promise.all([expose(), expose()]);
    assert.match(first.body, /issuer="a\\"b\\\\c\\nd"/);
    assert.equal(first.body.split("\n").length, second.body.split("\n").length);
    assert.match(first.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it("shows a cluster as up, down or not yet asked, and a refused configuration", async () => {
    const { state, scrape } = observed();
    const clusters = [
      { name: "a", address: "https://a:8200", up: false },
      { name: "b", address: "https://b:8200" },
    ];
    state.status = daemonStatus([], { clusters, configError: { at: NOW, message: "bad" } });
    const series = await scrape();
    assert.equal(series.get('leafd_cluster_up{cluster="a"}'), 0);
    assert.equal(series.has('leafd_cluster_up{cluster="b"}'), false);
    assert.equal(series.get("leafd_config_last_reload_successful"), 0);
    assert.equal(series.get('leafd_logins_total{cluster="b",result="failed"}'), 0);
  });
});

it("docs/metrics.md lists every metric with its type, labels and meaning", () => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `((?:leafd|process|nodejs)_\w+)` \| (\w+) \| (.*?)\| (.*) \|$/gm)];
  const documented = rows.map(([, name, type, labels = "", help]) => [
    name,
    { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label), help },
  ]);
  assert.deepEqual(Object.fromEntries(documented), METRICS);
});
