import assert from "node:assert/strict";
import test from "node:test";
import { CRITICAL_BURN, reviewLifetime } from "../../../src/domain/lifetime-review.ts";
import { firstDue } from "../../../src/domain/schedule.ts";
import { DAY, HOUR, MINUTE, type Millis, SECOND } from "../../../src/domain/units.ts";

const RENEW_AT = 2 / 3;

function codes(lifetime: Millis, scrapeInterval: Millis, more: { renewAt?: number; survive?: Millis } = {}) {
  const found = reviewLifetime({ lifetime, renewAt: RENEW_AT, ...more }, { maxTtl: 90 * DAY, scrapeInterval });
  return found.map(({ code }) => code);
}

/** When the critical alert fires at the latest: two scrapes that see it, one that fails, and the evaluation. */
function firesAt(lifetime: Millis, scrape: Millis): Millis {
  const { due } = firstDue({ notBefore: 0, receivedAt: 0, notAfter: lifetime }, { renewAt: RENEW_AT, jitter: 0 });
  return due + (lifetime - due) * CRITICAL_BURN + 4 * scrape;
}

test("the lifetimes that the alerts support pass, at the paces they are supported for", () => {
  for (const [lifetime, scrape] of [
    [10 * MINUTE, 15 * SECOND],
    [30 * MINUTE, 30 * SECOND],
    [HOUR, MINUTE],
    [DAY, MINUTE],
    [90 * DAY, 10 * MINUTE],
  ] as const) {
    assert.deepEqual(codes(lifetime, scrape), [], `${lifetime} at ${scrape}`);
    assert.ok(firesAt(lifetime, scrape) < lifetime, "and their alert comes before their end");
  }
});

test("an alert that leaves little or no time is told, with what would do", () => {
  const review = { maxTtl: 90 * DAY, scrapeInterval: 30 * SECOND };
  assert.deepEqual(reviewLifetime({ lifetime: 10 * MINUTE, renewAt: RENEW_AT }, review), [
    {
      code: "alert_late",
      message: "scraped every 30s, the critical alert may come only after the end of a certificate of 10m",
      hint: "Ask for 20m or longer, scrape every 15s and say so in observe.scrapeInterval, or let renewal come due earlier (renewAt).",
    },
  ]);
  assert.match(
    reviewLifetime({ lifetime: 15 * MINUTE, renewAt: RENEW_AT }, review)[0]?.message ?? "",
    /only 1m before the end/,
  );
  assert.deepEqual(codes(20 * MINUTE, 30 * SECOND), [], "what the hint says is enough");
  assert.deepEqual(codes(20 * MINUTE - SECOND, 30 * SECOND), ["alert_late"]);
});

test("the window counts, and not the lifetime: what renews late has a short one, what survives an outage a long one", () => {
  assert.deepEqual(codes(HOUR, MINUTE, { renewAt: 0.9 }), ["alert_late"]);
  assert.deepEqual(codes(30 * MINUTE, MINUTE), ["alert_late"]);
  assert.deepEqual(codes(30 * MINUTE, MINUTE, { survive: 15 * MINUTE }), []);
});

test("what lives longer than the maximum is long-lived, and where nothing scrapes no alert is late", () => {
  assert.deepEqual(codes(90 * DAY + SECOND, MINUTE), ["long_lived"]);
  assert.deepEqual(reviewLifetime({ lifetime: MINUTE, renewAt: RENEW_AT }, { maxTtl: DAY }), []);
});
