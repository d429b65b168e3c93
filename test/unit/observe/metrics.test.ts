import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { type IssuerStatus, type ServiceStatus, STANDINGS } from "../../../src/domain/status.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { METRICS } from "../../../src/observe/metric-catalog.ts";
import { ALL_EVENTS, EVENTS } from "../../support/events.ts";
import { assertLints } from "../../support/metrics-lint.ts";
import { metricOf, observed } from "../../support/observed.ts";
import { daemonStatus, NOW, serviceStatus } from "../../support/status.ts";

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
    const { state, scrape } = observed();
    const issuer = { name: "main", cluster: "default", circuit: "closed", caNotAfter: NOW } as const;
    const known = { issuers: [issuer], trustNotAfter: NOW, lastTick: NOW, schedulerLag: 0 };
    state.status = daemonStatus([serviceStatus()], known);
    const series = [...(await scrape()).keys()];
    assert.deepEqual(new Set(series.map(metricOf)), new Set(Object.keys(METRICS)));
    for (const one of series) {
      const labels: readonly string[] | undefined = new Map(Object.entries(METRICS)).get(metricOf(one))?.labels;
      assert.deepEqual(new Set(labelsOf(one).filter((label) => label !== "le")), new Set(labels), one);
    }
  });

  it("count an issuer that looks well and that nobody needs among those that are up", async () => {
    const { state, scrape } = observed();
    const up = async (changes: Partial<IssuerStatus>) => {
      state.status = daemonStatus([], { issuers: [{ name: "dr", cluster: "dr", circuit: "half_open", ...changes }] });
      return (await scrape()).get('leafd_issuer_up{issuer="dr"}');
    };
    assert.deepEqual([await up({}), await up({ looksWell: true }), await up({ circuit: "closed" })], [0, 1, 1]);
  });

  it("are named and typed as Prometheus wants them", () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      assert.match(name, /^(leafd|process|nodejs)_[a-z_]+$/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      if (type === "histogram") assert.ok(name.endsWith("_seconds"), name);
    }
  });

  it("are 12 series a service with everything configured, and never more", async () => {
    const { tally, state, scrape } = observed();
    for (const event of ALL_EVENTS) tally.emit(event);
    const count = async (service: ServiceStatus) => {
      state.status = daemonStatus([service, { ...service, name: "b" }]);
      const series = [...(await scrape()).keys()];
      const ofB = series.filter((one) => one.includes('service="b"')).length;
      state.status = daemonStatus([service]);
      assert.equal(series.length - (await scrape()).size, ofB, "and none without the label");
      return ofB;
    };
    const lastSuccess = { issue: NOW, store: NOW, reload: NOW, confirm: NOW };
    const full = serviceStatus({ lastSuccess, live: true, reserveNotAfter: NOW + HOUR, failedStage: "issue" });
    assert.equal(await count(full), 12);
    for (const standing of STANDINGS) {
      const other = {
        state: standing,
        reason: "sealed",
        failures: 3,
        delivered: false,
        served: false,
        live: false,
      } as const;
      assert.ok((await count({ ...full, ...other })) <= 12, standing);
    }
  });

  it("pass the lint of Prometheus", async () => {
    const { tally, expose } = observed();
    for (const event of ALL_EVENTS) tally.emit(event);
    assertLints((await expose()).body);
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
    assert.equal(of("served_matches_disk", ',known_by="reload"'), 1);
    assert.equal(of("consecutive_failures"), 0);
    assert.equal(of("last_success_timestamp_seconds", ',stage="reload"'), (NOW - 12 * HOUR) / 1000);
    assert.equal([...series].filter(([name]) => name.startsWith("leafd_certificate_info{")).length, 1);
    clock.jump(12 * HOUR);
    assert.equal((await scrape()).get('leafd_certificate_valid{service="payments"}'), 0);
  });

  it("say whether dependents serve it, and who knows", async () => {
    const { state, scrape } = observed();
    const served = async (changes: Partial<ServiceStatus>) => {
      state.status = daemonStatus([serviceStatus(changes)]);
      const name = "leafd_served_matches_disk{";
      return [...(await scrape())]
        .find(([series]) => series.startsWith(name))
        ?.join(" ")
        .slice(name.length);
    };
    assert.equal(await served({ delivered: false, served: false }), 'service="payments",known_by="reload"} 0');
    assert.equal(await served({ live: true, served: true }), 'service="payments",known_by="probe"} 1');
    assert.equal(await served({ live: false, served: false }), 'service="payments",known_by="probe"} 0');
    const { served: _, ...unknown } = serviceStatus({ live: false });
    state.status = daemonStatus([unknown]);
    assert.ok(![...(await scrape()).keys()].some((series) => series.startsWith("leafd_served")));
  });

  it("say 0 and nothing else of one that is not there", async () => {
    const series = await observed().scrape();
    const names = [...series].filter(([name]) => name.includes('service="billing"'));
    assert.deepEqual(Object.fromEntries(names.map(([name, value]) => [metricOf(name), value])), {
      leafd_certificate_valid: 0,
      leafd_consecutive_failures: 2,
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

describe("the fleet's metrics", () => {
  it("count services by how they stand and where their pairs came from", async () => {
    const { state, scrape } = observed();
    const reserve = { kind: "reserve", inUse: false, available: false } as const;
    state.status = daemonStatus([
      serviceStatus({ name: "a", rung: "primary", ladder: [reserve], reserveNotAfter: NOW + HOUR }),
      serviceStatus({ name: "b", rung: "failover", ladder: [reserve], state: "due", budgetSpent: true }),
      serviceStatus({ name: "c", rung: "failover", ladder: [reserve], reserveNotAfter: NOW, surviveUnmet: true }),
      serviceStatus({ name: "d", pausedUntil: NOW + HOUR }),
    ]);
    const series = await scrape();
    const fleet = [...series].filter(([name, value]) => name.startsWith("leafd_services") && value > 0);
    assert.deepEqual(Object.fromEntries(fleet), {
      'leafd_services{state="due"}': 1,
      'leafd_services{state="ok"}': 3,
      'leafd_services_on_rung{rung="primary"}': 1,
      'leafd_services_on_rung{rung="failover"}': 2,
      leafd_services_survive_unmet: 1,
      leafd_services_reserve_missing: 2,
      leafd_services_budget_spent: 1,
      leafd_services_paused: 1,
    });
    for (const standing of STANDINGS) assert.ok(series.has(`leafd_services{state="${standing}"}`), standing);
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
