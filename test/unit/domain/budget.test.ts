import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { budgetOf, budgetOpensAt, issuanceBudget } from "../../../src/domain/budget.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { exampleService } from "../../support/circumstances.ts";
import { LEAF } from "../../support/events.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("the budget", () => {
  it("allows twice the planned issuances and three more", () => {
    assert.equal(issuanceBudget(HOUR), 5);
    assert.equal(issuanceBudget(16 * HOUR), 4);
    assert.equal(issuanceBudget(8 * SECOND), 903);
  });

  it("takes no plan for one of more than a certificate a second", () => {
    assert.equal(issuanceBudget(0), 7203);
  });

  it("follows the lifetime that is asked for, else that of an hour", () => {
    const { request } = exampleService();
    const of = (ttl: number) => budgetOf(exampleService({ request: { ...request, ttl }, renewAt: 0.5 }), INITIAL_STATE);
    assert.deepEqual([of(4 * HOUR), of(4 * MINUTE)], [4, 63]);
    assert.equal(budgetOf(exampleService({ renewAt: 0.5 }), INITIAL_STATE), 7);
  });

  it("follows what was given when that is shorter, from when it had begun and was here", () => {
    const spec = exampleService({ renewAt: 0.5 });
    const of = (notBefore: number, receivedAt: number, due: number) =>
      budgetOf(spec, { ...INITIAL_STATE, current: { ...LEAF, notBefore, receivedAt, due } });
    assert.equal(of(NOW - DAY, NOW, NOW + 10 * MINUTE), 15);
    assert.equal(of(NOW, NOW - DAY, NOW + 10 * MINUTE), 15);
    assert.equal(of(NOW, NOW, NOW + DAY), 7);
  });
});

describe("a spent budget", () => {
  it("opens when its oldest issuance is an hour old", () => {
    const recent = [NOW - 50 * MINUTE, NOW - 40 * MINUTE, NOW - MINUTE];
    assert.equal(budgetOpensAt(recent, 4, NOW), undefined);
    assert.equal(budgetOpensAt(recent, 3, NOW), NOW + 10 * MINUTE);
    assert.equal(budgetOpensAt(recent, 2, NOW), NOW + 20 * MINUTE);
    assert.equal(budgetOpensAt([NOW - 2 * HOUR, ...recent], 4, NOW), undefined, "older ones do not count");
    assert.equal(budgetOpensAt([...recent, NOW + DAY], 4, NOW), undefined, "nor do those of a clock that was ahead");
  });

  it("counts what was issued this moment, and no more what was issued an hour ago", () => {
    assert.equal(budgetOpensAt([NOW], 1, NOW), NOW + HOUR);
    assert.equal(budgetOpensAt([NOW - HOUR], 1, NOW), undefined);
  });
});
