import assert from "node:assert/strict";
import test from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { MINUTE, parseDuration, SECOND } from "../../src/domain/units.ts";
import { type RuleGroup, readRules } from "../support/alert-rules.ts";
import { panelQueries } from "../support/dashboard.ts";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { type Prometheus, startPrometheus } from "../support/prometheus.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* A real Prometheus with the rules that users load, scraping a real leafd whose real Vault is sealed. */

/** A scrape every second instead of every 15: a certificate of ten minutes lives for 40 s then. */
const FASTER = 15;
const TTL = (10 * MINUTE) / FASTER;

/** The rules in a world in which all goes faster. */
function faster(groups: readonly RuleGroup[]): readonly RuleGroup[] {
  const shorten = (duration: string) => `${Math.round((parseDuration(duration) ?? Number.NaN) / FASTER)}ms`;
  return groups.map(({ interval = "15s", ...group }) => ({
    ...group,
    interval: shorten(interval),
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(/(?<=\[)\w+(?=\])/g, shorten),
      ...("for" in rule && rule.for !== undefined ? { for: shorten(rule.for) } : {}),
    })),
  }));
}

/** Resolves with the alert once it fires. */
function firing(prometheus: Prometheus, severity: string) {
  return waitFor(
    async () => {
      const alerts = await prometheus.alerts();
      return alerts.find(
        ({ state, labels }) =>
          state === "firing" && labels["alertname"] === "LeafdRenewalLate" && labels["severity"] === severity,
      );
    },
    { what: `LeafdRenewalLate to be ${severity}`, within: TTL + 10 * SECOND, every: 50 },
  );
}

test("Vault is sealed: a warning, then a critical alert, both before the end; renewal ends them", async (t) => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault, { roleSettings: { ttl: `${TTL / SECOND}s` } });
  await using place = await leafdPlace({ vault, pki });
  const listen = `127.0.0.1:${await freePort()}`;
  const reload = [{ touch: place.dir.join("told") }];
  await place.configure({ payments: { reload } }, { observe: { listen } });
  await using leafd = place.start("run");
  await using prometheus = await startPrometheus({ dir: place.dir, target: listen, groups: faster(readRules()) });
  await leafd.next("published");
  const end = readPair(place.live("payments")).leaf.validToDate.getTime();
  await vault.seal();

  const lead = async (severity: string) => {
    const { annotations } = await firing(prometheus, severity);
    const left = end - Date.now();
    t.diagnostic(`${severity} ${(left / SECOND).toFixed(1)} s before the end: ${annotations["summary"]}`);
    assert.match(annotations["summary"] ?? "", /^payments on 127\.0\.0\.1:\d+: /);
    return left;
  };
  const warning = await lead("warning");
  const critical = await lead("critical");
  assert.ok(warning > critical && critical > 0, `${warning} and ${critical} ms before the end`);
  assert.equal(readPair(place.live("payments")).leaf.validToDate.getTime(), end, "nobody could renew it");
  assert.deepEqual(await prometheus.brokenRules(), []);
  for (const query of panelQueries()) {
    const series = await prometheus.count(query);
    // Those that end so are about what has not happened here.
    assert.ok(series > 0 || query.endsWith(" > 0"), `nothing answers the dashboard's ${query}`);
  }

  await vault.unseal();
  await leafd.next("published");
  const isOver = async () =>
    (await prometheus.alerts()).every(({ labels }) => labels["alertname"] !== "LeafdRenewalLate");
  await waitFor(isOver, { what: "the alerts to end" });
});
