import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS } from "../../../src/domain/verify/checks.ts";
import { gather, judge } from "../../../src/domain/verify.ts";
import { BROKEN_CHAINS } from "../../support/broken-chains.ts";
import { BROKEN_LEAVES } from "../../support/broken-leaves.ts";
import { evidenceFor, goodLeaf } from "../../support/evidence.ts";

const BROKEN = [...BROKEN_CHAINS, ...BROKEN_LEAVES];

describe("the checks of a pair", () => {
  it("find nothing wrong with a good one", () => {
    assert.equal(judge(gather(evidenceFor(goodLeaf)))?.message, undefined);
  });

  for (const { title, reason, evidence, says } of BROKEN) {
    it(`refuse one ${title}: ${reason}`, () => {
      const failure = judge(gather(evidence));
      assert.equal(failure?.reason, reason);
      assert.match(failure.message, says);
      assert.ok(failure.hint, "says what to do");
    });
  }

  for (const check of CHECKS) {
    it(`cannot do without "${check.name}"`, () => {
      const others = CHECKS.filter((other) => other !== check);
      const missed = BROKEN.filter(({ reason }) => reason === check.reason);
      assert.ok(missed.length > 0, "a pair that breaks this rule");
      for (const { title, evidence } of missed)
        assert.equal(judge(gather(evidence), others)?.message, undefined, `${title} breaks this rule alone`);
    });
  }

  it("have a reason each", () => {
    assert.equal(new Set(CHECKS.map((check) => check.reason)).size, CHECKS.length);
  });
});
