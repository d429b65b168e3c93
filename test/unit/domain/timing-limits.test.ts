import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reloadRetryDelay, retryCap, retryDelay } from "../../../src/domain/backoff.ts";
import { REASONS, type Reason } from "../../../src/domain/errors.ts";
import { firstDue, lookForRevocation, renewalMargin, ttlToSurvive } from "../../../src/domain/schedule.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";

/* The figures of the schedule and of the retries, each where another rule takes over. */

const NOW = Date.UTC(2026, 0, 1);
const day = { notBefore: NOW, receivedAt: NOW, notAfter: NOW + DAY };

describe("the wait before a retry", () => {
  it("is long from the first time on for what somebody has to change, and for nothing else", () => {
    const slow: readonly Reason[] = [
      "permission_denied",
      "mount_missing",
      "role_missing",
      "issuer_missing",
      "key_denied",
      "name_denied",
      "request_denied",
      "login_denied",
      "wrap_consumed",
      "wrap_mismatch",
      "no_trust",
      "key_mismatch",
      "chain_broken",
      "chain_untrusted",
      "name_missing",
      "name_extra",
      "usage_wrong",
      "weak_signature",
      "serial_reused",
      "target_foreign",
      "dependent_refused",
    ];
    const waited = REASONS.filter((reason) => retryDelay({ reason, count: 1 }, DAY, 0) === 150 * SECOND);
    assert.deepEqual(waited.toSorted(), slow.toSorted());
  });

  it("is a twentieth of the life that is left at most, from a second to five minutes, and 30 s when it is over", () => {
    const lives = [-1, 0, 1, 10 * SECOND, MINUTE, HOUR, DAY];
    assert.deepEqual(
      lives.map((remaining) => retryCap(remaining) / SECOND),
      [30, 30, 1, 1, 3, 180, 300],
    );
  });

  it("is no shorter than 5 s for what somebody has to change, and follows a short life for the rest", () => {
    const wait = (reason: Reason, chance: number) => retryDelay({ reason, count: 9 }, MINUTE, chance) / SECOND;
    assert.deepEqual([wait("name_denied", 0), wait("name_denied", 1)], [5, 10]);
    assert.deepEqual([wait("sealed", 0), wait("sealed", 1)], [0.5, 3]);
  });

  it("is 5 s at most for the disk of a service without a pair", () => {
    const longest = (reason: Reason, remaining: number) => retryDelay({ reason, count: 50 }, remaining, 1) / SECOND;
    const quick = REASONS.filter((reason) => longest(reason, 0) === 5);
    assert.deepEqual(quick.toSorted(), ["disk_full", "io_error", "target_denied", "target_missing"]);
    assert.equal(longest("disk_full", DAY), 300);
  });

  it("of a reload doubles up to a minute", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 5000].map((count) => reloadRetryDelay(count, 1) / SECOND);
    assert.deepEqual(longest, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it("grows with chance where the issuer has nothing better to give", () => {
    assert.equal(retryDelay({ reason: "no_gain", count: 1 }, 30 * DAY, 0.5), 54 * HOUR);
  });
});

describe("renewal", () => {
  it("leaves a second at least for issuing, reloading and proving, and ten minutes at most", () => {
    assert.deepEqual(
      [10 * SECOND, HOUR, 30 * DAY].map((length) => renewalMargin(length) / SECOND),
      [1, 180, 600],
    );
  });

  it("comes earlier by its jitter, also before an outage that is to be survived", () => {
    const plan = { renewAt: 0.5, jitter: 0.05 };
    assert.equal(firstDue(day, plan).due, NOW + 0.45 * DAY);
    assert.equal(firstDue(day, { ...plan, survive: 14 * HOUR }).due, NOW + 10 * HOUR - 10 * MINUTE - 0.05 * DAY);
  });

  it("at a quarter of the life is as asked when a quarter was asked for", () => {
    assert.deepEqual(firstDue(day, { renewAt: 0.25, jitter: 0 }), { due: NOW + 6 * HOUR, floored: false });
  });

  it("can survive an outage from these lifetimes on", () => {
    assert.deepEqual([HOUR, DAY].map(ttlToSurvive), [6000 * SECOND, 133_847 * SECOND]);
  });
});

describe("the look for a revocation", () => {
  it("comes after a twentieth of the life, from 30 s to 15 min", () => {
    const often = (changes: Partial<typeof day>) => lookForRevocation({ ...day, ...changes }) / SECOND;
    const hour = { notAfter: NOW + HOUR };
    assert.deepEqual([often({ notAfter: NOW + MINUTE }), often(hour), often({})], [30, 180, 900]);
    assert.equal(often({ ...hour, notBefore: NOW - DAY }), 180, "counted from its arrival");
    assert.equal(often({ ...hour, receivedAt: NOW - DAY }), 180, "but not from before it was valid");
  });
});
