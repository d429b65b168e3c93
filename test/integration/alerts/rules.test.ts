import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { AUTHORITY_CASES } from "../../support/alert-cases/authorities.ts";
import { type AlertCase, inputSeries, rulesTest } from "../../support/alert-cases/case.ts";
import { CLUSTER_CASES } from "../../support/alert-cases/cluster.ts";
import { HEALTHY_FLEET } from "../../support/alert-cases/fleet.ts";
import { ISSUING_CASES } from "../../support/alert-cases/issuing.ts";
import { PROCESS_CASES } from "../../support/alert-cases/process.ts";
import { SERVICE_CASES } from "../../support/alert-cases/service.ts";
import { readAlerts, readRules, recordedNames } from "../../support/alert-rules.ts";
import { unknownNames } from "../../support/promql.ts";
import { checkRules, type RulesTest, testRules } from "../../support/promtool.ts";

const CASES = [...SERVICE_CASES, ...ISSUING_CASES, ...AUTHORITY_CASES, ...CLUSTER_CASES, ...PROCESS_CASES];

describe("the alerts", () => {
  test("are rules that promtool accepts", async () => {
    assert.match(await checkRules(), /SUCCESS: \d+ rules found/);
  });

  test("fire when they should, say who and what, and are silent otherwise", async (t) => {
    await testRules(CASES.map(rulesTest));
    t.diagnostic(`promtool: ${CASES.length} worlds`);
  });

  for (const { alert, labels } of readAlerts())
    test(`${alert} (${labels.severity}) is seen to fire, and to be silent`, () => {
      const fires = CASES.filter((each) => each.alert === alert).map((each) =>
        each.fires.some(({ severity }) => severity === labels.severity),
      );
      assert.deepEqual(new Set(fires), new Set([true, false]));
    });

  test("ask only for metrics and labels that leafd exports", () => {
    for (const { name, rules } of readRules())
      for (const { expr } of rules) assert.deepEqual(unknownNames(expr, recordedNames()), [], `${name}: ${expr}`);
  });

  test("say what to do in words that fit everywhere, and who it is about in the summary", () => {
    for (const { alert, annotations } of readAlerts()) {
      assert.doesNotMatch(annotations.description, /\{\{/, alert);
      if (alert !== "LeafdAbsent") assert.match(annotations.summary, /\$labels\.instance/, alert);
    }
  });
});

describe("a leafd with nothing wrong, renewing every 40 minutes", () => {
  const names = [...new Set(readAlerts().map(({ alert }) => alert))];
  const silent = (name: string, series: AlertCase["series"]): RulesTest => ({
    name,
    interval: "15s",
    input_series: inputSeries(series),
    alert_rule_test: ["10m", "42m", "61m", "62m", "65m", "85m", "100m"].flatMap((time) =>
      names.map((alertname) => ({ alertname, eval_time: time, exp_alerts: [] })),
    ),
  });
  /** What `change` makes of the values of each series, taken apart. */
  const changed = (change: (values: readonly string[], series: string) => readonly string[]) =>
    Object.fromEntries(
      Object.entries(HEALTHY_FLEET).map(([series, values]) => [series, change(unfold(values), series).join(" ")]),
    );

  test("calls nobody", () => testRules([silent("healthy", HEALTHY_FLEET)]));

  test("calls nobody while it restarts, though a scrape fails", () => {
    const gap = (series: string) => (series === "up" ? "0" : "stale");
    const restart = changed((values, series) => values.with(4 * 61, gap(series)).with(4 * 61 + 1, gap(series)));
    return testRules([silent("restarted", restart)]);
  });

  test("calls nobody when a service is removed, nor when leafd and its target are", () => {
    const cut = (values: readonly string[]) => [...values.slice(0, 4 * 61), "stale"];
    const without = changed((values, series) => (series.includes("orders") ? cut(values) : values));
    const { alert_rule_test = [], ...gone } = silent("no target any more", changed(cut));
    // That there is none left at all is worth a word, ten minutes later.
    const others = alert_rule_test.filter(({ alertname }) => alertname !== "LeafdAbsent");
    return testRules([silent("one service less", without), { ...gone, alert_rule_test: others }]);
  });
});

/** `3x2` is `3 3 3`, and `0+15x2` is `0 15 30`. */
function unfold(values: string): readonly string[] {
  return values.split(" ").flatMap((part) => {
    const [, first = "", step = "0", times = "0"] = /^([-\d.e]+?)(?:\+(\d+))?x(\d+)$/.exec(part) ?? [];
    return Array.from({ length: Number(times) + 1 }, (_, at) => String(Number(first) + at * Number(step)));
  });
}
