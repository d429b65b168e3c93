import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { DASHBOARD, DASHBOARD_TEXT, filledIn, PANELS, type Place, panelQueries } from "../../support/dashboard.ts";
import { unknownNames } from "../../support/promql.ts";
import { checkQueries } from "../../support/promtool.ts";

const { panels, templating, annotations } = DASHBOARD;

const overlap = (a: Place, b: Place) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe("the dashboard", () => {
  test("asks only for metrics and labels that leafd exports", () => {
    for (const query of panelQueries()) assert.deepEqual(unknownNames(query), [], query);
    for (const { name, definition = "" } of templating.list.filter(({ type }) => type === "query")) {
      const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      assert.deepEqual(unknownNames(`max by (${label}) (${filledIn(selector)})`), [], name);
    }
  });

  test("asks in queries that Prometheus understands", () =>
    checkQueries([...panelQueries(), ...annotations.list.map(({ expr }) => filledIn(expr))]));

  test("shows fleet, services, issuance, delivery, trust and process, in this order", () => {
    const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title);
    assert.deepEqual(rows, ["Fleet", "Services", "Issuance", "Delivery", "Trust and auth", "Process"]);
  });

  test("has a unit, a description and a place of its own for each panel", () => {
    for (const { title, description, fieldConfig } of PANELS) {
      assert.ok(fieldConfig?.defaults.unit, title);
      assert.ok(description, title);
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const [at, { title, gridPos }] of panels.entries()) {
      assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, title);
      const others = panels.slice(at + 1).filter((other) => overlap(gridPos, other.gridPos));
      assert.deepEqual(others, [], title);
    }
  });

  test("takes the data source, job, instance and service from its variables", () => {
    const names = templating.list.map(({ name }) => name);
    assert.deepEqual(names, ["datasource", "job", "instance", "service"]);
    for (const [, uid] of DASHBOARD_TEXT.matchAll(/"uid":\s*"([^"]*)"/g))
      assert.ok(uid === "leafd" || uid === `\${datasource}`, uid);
    const used = [...DASHBOARD_TEXT.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name);
    assert.deepEqual(new Set(used), new Set([...names, "__rate_interval", "__range", "__all"]));
  });

  test("colours and names only columns that there are", () => {
    for (const { title, targets = [], transformations = [], fieldConfig } of PANELS) {
      const renamed = transformations.flatMap(({ options }) => Object.entries(options.renameByName ?? {}));
      const columns = new Set(renamed.map(([, column]) => column));
      for (const [from] of renamed.filter(([name]) => name.startsWith("Value #")))
        assert.ok(
          targets.some(({ refId }) => from === `Value #${refId}`),
          `${title}: ${from}`,
        );
      for (const { matcher } of fieldConfig?.overrides ?? [])
        assert.ok(matcher.id !== "byName" || columns.has(matcher.options), `${title}: ${matcher.options}`);
    }
  });
});
