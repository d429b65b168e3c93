import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { reviewLifetime } from "../../../src/domain/lifetime-review.ts";
import { DAY, HOUR, MINUTE, type Millis, parseDuration, SECOND } from "../../../src/domain/units.ts";

const RENEW_AT = 2 / 3;

function codes(lifetime: Millis, scrapeInterval: Millis, more: { renewAt?: number; survive?: Millis } = {}) {
  const found = reviewLifetime({ lifetime, renewAt: RENEW_AT, ...more }, { maxTtl: 90 * DAY, scrapeInterval });
  return found.map(({ code }) => code);
}

test("the lifetimes that the alerts are made for pass, at their paces, and what is a little shorter does not", () => {
  for (const [lifetime, scrape] of [
    [10 * MINUTE, 15 * SECOND],
    [30 * MINUTE, 30 * SECOND],
    [HOUR, MINUTE],
  ] as const) {
    assert.deepEqual(codes(lifetime, scrape), [], `${lifetime} at ${scrape}`);
    assert.deepEqual(codes(lifetime - 3 * SECOND, scrape), ["alert_late"], `less than ${lifetime} at ${scrape}`);
    assert.deepEqual(codes(lifetime, scrape + SECOND), ["alert_late"], `${lifetime} at more than ${scrape}`);
  }
  assert.deepEqual(codes(90 * DAY, MINUTE), []);
});

test("what is told has the worst case, and what would do", () => {
  const told = (lifetime: Millis, scrapeInterval: Millis) =>
    reviewLifetime({ lifetime, renewAt: RENEW_AT }, { maxTtl: 90 * DAY, scrapeInterval }).map(({ message, hint }) => [
      message.replace("scraped every ", ""),
      hint,
    ]);
  const earlier = "or let renewal come due earlier (renewAt).";
  assert.deepEqual(told(10 * MINUTE, 30 * SECOND), [
    [
      "30s, the critical alert may come only after the end of a certificate of 10m",
      `Ask for 30m or longer, scrape every 15s and say so in observe.scrapeInterval, ${earlier}`,
    ],
  ]);
  assert.deepEqual(
    told(20 * MINUTE, 30 * SECOND)[0]?.[0],
    "30s, the critical alert may come as late as 2m before the end of a certificate of 20m",
  );
  assert.deepEqual(told(5 * MINUTE, 5 * SECOND)[0]?.[1], `Ask for 10m or longer, ${earlier}`);
  assert.deepEqual(told(DAY, 2 * MINUTE)[0]?.[1], "Scrape every 1m and say so in observe.scrapeInterval.");
});

test("the window counts, and not the lifetime: what renews late has a short one, what survives an outage a long one", () => {
  assert.deepEqual(codes(HOUR, MINUTE, { renewAt: 0.9 }), ["alert_late"]);
  assert.deepEqual(codes(50 * MINUTE, MINUTE), ["alert_late"]);
  assert.deepEqual(codes(50 * MINUTE, MINUTE, { survive: 25 * MINUTE }), []);
});

test("what lives longer than the maximum is long-lived, and where nothing scrapes no alert is late", () => {
  assert.deepEqual(codes(90 * DAY + SECOND, MINUTE), ["long_lived"]);
  assert.deepEqual(reviewLifetime({ lifetime: MINUTE, renewAt: RENEW_AT }, { maxTtl: DAY }), []);
});

test("what operations.md promises of the alerts is what check takes for supported, and the rules have the same threshold", () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const rows = [...read("docs/operations.md").matchAll(/^\| (\d+[mhd]) \| (\d+[sm]) \|/gm)];
  assert.ok(rows.length >= 3);
  for (const [row, life = "", pace = ""] of rows)
    assert.deepEqual(codes(parseDuration(life) ?? 0, parseDuration(pace) ?? 0), [], row);
  assert.match(read("deploy/prometheus/leafd.rules.yaml"), /ratio_min > 0\.4\n +labels: \{ severity: critical \}/);
});
