import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { chanceOf, reloadRetryDelay, retryCap, retryDelay } from "../../../src/domain/backoff.ts";
import { REASONS, type Reason } from "../../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";

const NOTHING_BETTER: ReadonlySet<Reason> = new Set<Reason>([
  "no_gain",
  "lifetime_short",
  "expired",
  "not_yet_valid",
  "ca_invalid",
]);
const reasons = fc.constantFrom(...REASONS.filter((reason) => !NOTHING_BETTER.has(reason)));
/** What a repetition does not heal. */
const SLOW: ReadonlySet<string> = new Set(
  REASONS.filter((reason) => retryDelay({ reason, count: 1 }, DAY, 0) === 150 * SECOND),
);
const counts = fc.integer({ min: 1, max: 10_000 });
const lives = fc.integer({ min: -DAY, max: 10 * 365 * DAY });
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("a retry is never faster than half a second, however little life is left, nor than 5 s after a refusal", () => {
  fc.assert(
    fc.property(reasons, counts, lives, chances, (reason, count, remaining, chance) => {
      const least = SLOW.has(reason) ? 5 * SECOND : SECOND / 2;
      assert.ok(retryDelay({ reason, count }, remaining, chance) >= least);
    }),
  );
});

test("a retry is never later than the rule allows: 5 % of the remaining life, 5 min at most, 30 s without a pair", () => {
  fc.assert(
    fc.property(reasons, counts, lives, chances, (reason, count, remaining, chance) => {
      const delay = retryDelay({ reason, count }, remaining, chance);
      const rule = remaining <= 0 ? 30 * SECOND : Math.min(5 * MINUTE, remaining / 20);
      assert.ok(delay <= Math.ceil(Math.max(rule, 10 * SECOND)), `${delay} > ${rule}`);
      if (!SLOW.has(reason)) assert.ok(delay <= Math.ceil(Math.max(rule, SECOND)), `${delay} > ${rule}`);
    }),
  );
});

test("however short the life that is left, the cap leaves room for twenty tries", () => {
  for (const remaining of [20 * SECOND, MINUTE, HOUR, DAY]) assert.ok(remaining / retryCap(remaining) >= 20 - 1e-9);
});

test("delays grow from a second, double, and stay at the cap", () => {
  const longest = (count: number) => retryDelay({ reason: "sealed", count }, DAY, 0.999_999);
  assert.deepEqual([1, 2, 3, 4, 9, 50].map(longest), [1000, 2000, 4000, 8000, 256_000, 300_000]);
});

test("after a quota at least half of the range is waited, and never less than Retry-After", () => {
  assert.equal(retryDelay({ reason: "quota", count: 4 }, DAY, 0), 4 * SECOND);
  assert.equal(retryDelay({ reason: "quota", count: 1, retryAfter: 40 * SECOND }, DAY, 0.5), 40 * SECOND);
  assert.equal(retryDelay({ reason: "overloaded", count: 1, retryAfter: 9 * DAY }, DAY, 0), HOUR, "not for ever");
});

test("a refusal that no repetition heals is retried at the slow end from the first time on", () => {
  for (const reason of ["name_denied", "chain_broken", "chain_untrusted"] as const)
    assert.equal(retryDelay({ reason, count: 1 }, DAY, 0), 150 * SECOND);
  assert.equal(retryDelay({ reason: "sealed", count: 1 }, DAY, 0), 500);
});

test("an issuer that has nothing better to give is asked again after a minute at least, and 5 to 10 % of the life", () => {
  for (const reason of NOTHING_BETTER) {
    assert.equal(retryDelay({ reason, count: 1 }, 0, 0.9), MINUTE);
    assert.equal(retryDelay({ reason, count: 9 }, 30 * SECOND, 0), MINUTE);
    assert.equal(retryDelay({ reason, count: 1 }, 30 * DAY, 0), 36 * HOUR);
  }
});

test("reloads are retried from half a second to a minute", () => {
  assert.equal(reloadRetryDelay(1, 0), 500);
  assert.equal(reloadRetryDelay(100, 0.999_999), MINUTE);
});

test("without a valid pair the disk is looked at again within 5 s: that asks no issuer", () => {
  const delay = (reason: "disk_full" | "sealed") => retryDelay({ reason, count: 10 }, 0, 0.999);
  assert.ok(delay("disk_full") <= 5 * SECOND);
  assert.ok(delay("sealed") > 5 * SECOND);
});

test("the luck of a try is the same again, and another one for whatever it depends on", () => {
  const one = { what: "rotation", seed: "a", service: "web", serial: "01", count: 1 };
  const others = [
    { ...one, what: "reserve" },
    { ...one, seed: "b" },
    { ...one, service: "api" },
    { ...one, serial: "02" },
    { ...one, count: 2 },
    // The parts do not run into each other.
    { ...one, seed: "aw", service: "eb" },
  ];
  assert.equal(chanceOf(one), chanceOf({ ...one }));
  const all = [one, ...others].map(chanceOf);
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.every((chance) => chance >= 0 && chance < 1));
});
