import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { nextPhase, type Phase, SHORTEST, scenarioFor } from "../../../../src/dev/demo/scenario.ts";
import { firstDue } from "../../../../src/domain/schedule.ts";
import { MINUTE, SECOND } from "../../../../src/domain/units.ts";

const totals = fc.integer({ min: SHORTEST, max: 10 * MINUTE });
const jitter = fc.double({ min: 0, max: 0.0999, noNaN: true });

/** When renewal of a certificate that arrives at `at` is due. */
const dueAfter = (at: number, ttl: number, part: number): number =>
  firstDue({ notBefore: at - 30 * SECOND, receivedAt: at, notAfter: at + ttl }, { renewAt: 2 / 3, jitter: part }).due;

describe("the scenario, whatever the time it is given", () => {
  it("shows a rotation, a renewal that meets the sealed Vault, and no certificate that ends", () => {
    fc.assert(
      fc.property(totals, jitter, jitter, (total, first, second) => {
        const { ttl, sealAt, unsealAt } = scenarioFor(total);
        const rotated = dueAfter(0, ttl, first);
        const overdue = dueAfter(rotated, ttl, second);
        assert.ok(rotated + SECOND < sealAt, "everybody has rotated before the Vault is sealed");
        assert.ok(sealAt + 2 * SECOND < overdue && overdue < unsealAt, "everybody meets the sealed Vault");
        assert.ok(unsealAt + 2 * SECOND < rotated + ttl, "it opens before a certificate ends");
        assert.ok(unsealAt + 2 * SECOND < total, "there is time left to see the recovery");
      }),
    );
  });

  it("asks for whole seconds and at most a minute", () => {
    fc.assert(
      fc.property(totals, (total) => {
        const { ttl } = scenarioFor(total);
        assert.ok(ttl % SECOND === 0 && ttl <= MINUTE && ttl >= 10 * SECOND, `${ttl}`);
      }),
    );
    assert.equal(scenarioFor().ttl, MINUTE);
  });
});

describe("phases", () => {
  const scenario = { ttl: 60_000, sealAt: 63_000, unsealAt: 82_800 };
  const steps: readonly [from: Phase, elapsed: number, remaining: number, to: Phase][] = [
    ["rotating", 62_999, 30_000, "rotating"],
    ["rotating", 63_000, 30_000, "sealed"],
    ["sealed", 70_000, 30_000, "sealed"],
    ["sealed", 82_800, 30_000, "recovering"],
    // A busy machine: a certificate is about to end before its time.
    ["sealed", 70_000, 3_900, "recovering"],
    // Over is over, although the clock says that it would be sealed.
    ["recovering", 70_000, 55_000, "recovering"],
  ];
  for (const [from, elapsed, remaining, to] of steps)
    it(`${from} at ${elapsed} ms with ${remaining} ms of life: ${to}`, () =>
      assert.equal(nextPhase(from, scenario, { elapsed, remaining }), to));
});
