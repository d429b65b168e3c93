import assert from "node:assert/strict";
import test from "node:test";
import { assert as always, boolean, integer, property, record } from "fast-check";
import { Secret } from "../../../src/domain/secret.ts";
import { endOf, type LiveToken, nextStep, renewalRetry } from "../../../src/vault/token-plan.ts";

const token = new Secret("s.token");
const lives = record({
  since: integer({ min: 0, max: 1e12 }),
  ttl: integer({ min: 1_000, max: 1e10 }),
  longest: integer({ min: 1_000, max: 1e10 }),
  renewable: boolean(),
});

test("whatever the life of a token, its next step comes after the grant and not after the end", () => {
  always(
    property(lives, boolean(), (life, fixed) => {
      const live: LiveToken = { ...life, token, fingerprint: undefined };
      const step = nextStep(live, fixed);
      assert.ok(step.kind !== "none");
      assert.ok(step.at > live.since && step.at <= endOf(live));
      if (!fixed) assert.ok(step.at < endOf(live), "a login at the end would come too late");
    }),
  );
});

test("a failed renewal is tried again soon, less and less often, and often enough before the end", () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => renewalRetry(failures, 3_600_000)),
    [1_000, 2_000, 4_000, 8_000],
  );
  assert.equal(renewalRetry(30, 3_600_000), 60_000);
  assert.equal(renewalRetry(30, 50_000), 5_000);
  assert.equal(renewalRetry(30, 10), 1_000);
});
