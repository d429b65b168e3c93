import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DEFAULT_RENEW_AT, firstDue, jitter } from "../../../src/domain/schedule.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";

const NOW = Date.UTC(2026, 0, 1);

const ttls = fc.integer({ min: 5 * SECOND, max: 10 * 365 * DAY });
const backdatings = fc.integer({ min: 0, max: 30 * DAY });
const jitters = fc.double({ min: 0, max: 0.1, maxExcluded: true, noNaN: true });
const points = fc.double({ min: 0.1, max: 0.95, noNaN: true });

test("a fresh leaf is never due at once, and always before it ends, whatever its TTL and backdating", () => {
  fc.assert(
    fc.property(ttls, backdatings, jitters, points, (ttl, backdated, share, renewAt) => {
      const lifetime = { notBefore: NOW - backdated, notAfter: NOW + ttl, receivedAt: NOW };
      const { due } = firstDue(lifetime, { renewAt, jitter: share });
      assert.ok(due >= NOW + Math.floor(ttl / 4), `due ${due - NOW} ms after the arrival of a TTL of ${ttl} ms`);
      assert.ok(due < lifetime.notAfter, "due after the end");
    }),
  );
});

test("by default renewal comes between 56 % and 67 % of the lifetime, counted from the arrival and not from notBefore", () => {
  fc.assert(
    fc.property(ttls, jitters, (ttl, share) => {
      const lifetime = { notBefore: NOW - 30 * SECOND, notAfter: NOW + ttl, receivedAt: NOW };
      const { due, floored } = firstDue(lifetime, { renewAt: DEFAULT_RENEW_AT, jitter: share });
      const passed = (due - NOW) / ttl;
      assert.ok(passed > 0.56 && passed <= 2 / 3 + 0.001, `${passed}`);
      assert.equal(floored, false);
    }),
  );
});

test("a certificate whose notBefore lies ahead is planned from its notBefore", () => {
  const lifetime = { notBefore: NOW + 5 * MINUTE, notAfter: NOW + 65 * MINUTE, receivedAt: NOW };
  assert.equal(firstDue(lifetime, { renewAt: 0.5, jitter: 0 }).due, NOW + 35 * MINUTE);
});

test("an outage to survive moves renewal forward, and what the TTL cannot hold is said", () => {
  const lifetime = { notBefore: NOW, notAfter: NOW + 24 * HOUR, receivedAt: NOW };
  const holds = firstDue(lifetime, { renewAt: DEFAULT_RENEW_AT, jitter: 0, survive: 12 * HOUR });
  assert.deepEqual(holds, { due: NOW + 12 * HOUR - 10 * MINUTE, floored: false });
  const tooMuch = firstDue(lifetime, { renewAt: DEFAULT_RENEW_AT, jitter: 0, survive: 20 * HOUR });
  assert.deepEqual(tooMuch, { due: NOW + 6 * HOUR, floored: true });
});

test("clock skew widens the margin by twice its size, whichever clock is ahead", () => {
  const lifetime = { notBefore: NOW, notAfter: NOW + HOUR, receivedAt: NOW };
  for (const skew of [-MINUTE, MINUTE]) {
    assert.equal(firstDue(lifetime, { renewAt: 0.95, jitter: 0, skew }).due, NOW + HOUR - 3 * MINUTE - 2 * MINUTE);
  }
});

test("the same service and serial always give the same jitter, below a tenth", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (service, serial) => {
      const value = jitter(service, serial);
      assert.equal(jitter(service, serial), value);
      assert.ok(value >= 0 && value < 0.1);
    }),
  );
  assert.equal(jitter("payments", "0a1b"), 0.067_499_614_527_973_86);
});

test("a thousand services are spread evenly: every tenth of the range holds between 70 and 130", () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 1000; i += 1) {
    const bucket = Math.floor(jitter(`service-${i}`, "0a1b") * 100);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(count >= 70 && count <= 130, counts.join(" "));
});
