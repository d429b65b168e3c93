import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evolve } from "../../../src/domain/evolve.ts";
import { explainService, type Facts } from "../../../src/domain/explain.ts";
import type { LeafFacts } from "../../../src/domain/leaf-facts.ts";
import { firstDue, jitter } from "../../../src/domain/schedule.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { around, exampleService } from "../../support/circumstances.ts";
import { EVENTS, LEAF } from "../../support/events.ts";
import { NOW } from "../../support/status.ts";

const service = (outage: Partial<ServiceSpec["outage"]> = {}, changes: Partial<ServiceSpec> = {}) =>
  exampleService({ name: "payments", outage: { atExpiry: { kind: "keep" }, ...outage }, ...changes });

/** What is explained of a pair of 24 h that was planned as the configuration has it. */
function explained(spec: ServiceSpec, changes: Partial<LeafFacts> = {}, facts: Partial<Facts> = {}) {
  const life = { ...LEAF, notAfter: NOW + 24 * HOUR };
  const { survive } = spec.outage;
  const spread = jitter(spec.name, life.serial);
  const plan = { renewAt: spec.renewAt, jitter: spread, ...(survive !== undefined && { survive }) };
  const leaf = { ...life, due: firstDue(life, plan).due, ...changes };
  const state = evolve(INITIAL_STATE, { ...EVENTS.recovered, leaf, reloadOwed: false });
  const windowOpensAt = (from: number) => from;
  const now = around(NOW, { spec });
  return explainService(state, { around: now, windowOpensAt, seed: "", skew: 0, issued: [], ...facts });
}

describe("why renewal is due when it is", () => {
  it("the part of the life that is configured, what is to be survived, a quarter, or another plan", () => {
    assert.equal(explained(service()).renewal?.by, "renew_at");
    assert.equal(explained(service({ survive: 12 * HOUR })).renewal?.by, "survive");
    assert.equal(explained(service({ survive: 20 * HOUR })).renewal?.by, "quarter");
    assert.equal(explained(service({}, { renewAt: 0.999 })).renewal?.by, "survive", "the margin alone");
    assert.equal(explained(service(), { due: NOW + HOUR }).renewal?.by, "other");
  });

  it("with the lengths that it was reckoned from", () => {
    const { renewal } = explained(service({ survive: 12 * HOUR }));
    const { lifeMs = 0, jitterMs = 0, marginMs = 0, surviveMs = 0, due = 0, windowUsed } = renewal ?? {};
    assert.deepEqual([lifeMs, marginMs, surviveMs, windowUsed], [24 * HOUR, 10 * MINUTE, 12 * HOUR, 0]);
    assert.equal(due, Math.round(NOW + lifeMs - surviveMs - marginMs - jitterMs));
  });

  it("and how much of the window is used up", () => {
    const late = explained(service(), { due: NOW - HOUR, notAfter: NOW + 3 * HOUR });
    assert.equal(late.renewal?.windowUsed, 0.25);
    assert.equal(explained(service(), { due: NOW - HOUR, notAfter: NOW }).renewal?.windowUsed, 1);
  });
});

describe("what is next", () => {
  it("names whom is asked and why, also while nothing is due", () => {
    const { next, service: status } = explained(service());
    assert.deepEqual([next, status.nextAction], [{ issuer: "main", cause: "renewal_due" }, "issue"]);
  });

  it("of windows: only where there are some", () => {
    assert.equal("windowOpensAt" in explained(service()), false);
    const windows = [{ cron: "0 3 * * *", duration: HOUR, timezone: "UTC" }];
    assert.equal(explained(service({}, { windows })).windowOpensAt, NOW);
  });

  it("of the budget: what is left, and when there is more", () => {
    const daily = { request: { ...service().request, ttl: 24 * HOUR } };
    const issued = [50, 40, 30, 20].map((minutes) => NOW - minutes * MINUTE);
    const { budget } = explained(service({}, daily), {}, { issued });
    assert.deepEqual(budget, { allowed: 4, spent: 4, opensAt: NOW + 10 * MINUTE });
    const { budget: left } = explained(service({}, daily), {}, { issued: issued.slice(1) });
    assert.deepEqual(left, { allowed: 4, spent: 3 });
  });
});

describe("what fails", () => {
  it("is told with its stage, hint and next try, each kind on its own", () => {
    const events = [EVENTS.recovered, EVENTS.rotation_failed, EVENTS.reload_failed, EVENTS.revoke_failed];
    const state = events.reduce<typeof INITIAL_STATE>(evolve, INITIAL_STATE);
    const facts = { windowOpensAt: (from: number) => from, seed: "", skew: 0, issued: [] };
    const { failing } = explainService(state, { around: around(NOW, { spec: service() }), ...facts });
    assert.deepEqual(
      failing.map(({ what, stage, reason, hint, retryAt }) => [what, stage, reason, hint, retryAt]),
      [
        ["rotation", "issue", "sealed", "Unseal it.", NOW + MINUTE],
        ["reload", "reload", "reload_failed", "Unseal it.", NOW + MINUTE],
        ["revocation", "issue", "sealed", "Unseal it.", NOW + MINUTE],
      ],
    );
  });
});
