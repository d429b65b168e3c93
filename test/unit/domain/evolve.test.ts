import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reason } from "../../../src/domain/errors.ts";
import type { ServiceEvent } from "../../../src/domain/events.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { HOUR } from "../../../src/domain/units.ts";
import { EVENTS, LEAF } from "../../support/events.ts";

const after = (...events: readonly ServiceEvent[]) => events.reduce(evolve, INITIAL_STATE);

const byForce = { ...EVENTS.renewal_requested, force: true };
const published = { ...EVENTS.published, leaf: { ...LEAF, serial: "02" } };

test("force lasts until the dependents know the new certificate", () => {
  assert.equal(after(EVENTS.recovered, byForce).force, true);
  assert.equal(after(EVENTS.recovered, byForce, EVENTS.renewal_requested).force, true);
  assert.equal(after(EVENTS.recovered, byForce, EVENTS.delivered).force, true, "the pair before was delivered");
  assert.equal(after(EVENTS.recovered, byForce, EVENTS.published).force, true, "the same pair again");
  assert.equal(after(EVENTS.recovered, byForce, EVENTS.rotation_failed).force, true);
  assert.equal(after(EVENTS.recovered, byForce, published, EVENTS.reload_failed).force, true);
  assert.equal(after(EVENTS.recovered, byForce, published, EVENTS.delivered).force, false);
  assert.equal(after(EVENTS.recovered, byForce, { ...published, reloadOwed: false }).force, false);
});

test("a pause after a request by force is obeyed, and the request is served after the pause", () => {
  const { renewalAsked, force } = after(EVENTS.recovered, byForce, EVENTS.paused);
  assert.deepEqual([renewalAsked, force], [true, false]);
});

test("with another clock, what failed because a certificate had ended or not begun is no trouble any more", () => {
  const failed = (reason: Reason) => after(EVENTS.recovered, { ...EVENTS.rotation_failed, reason, issuer: "main" });
  for (const reason of ["expired", "not_yet_valid"] as const) {
    const { rotationTrouble, issuerTroubles } = evolve(failed(reason), EVENTS.clock_changed);
    assert.deepEqual([rotationTrouble, issuerTroubles], [undefined, {}]);
  }
  assert.equal(evolve(failed("sealed"), EVENTS.clock_changed).rotationTrouble?.reason, "sealed");
});

test("by a clock that was set back, nothing has happened in the future, and nothing is waited for that was reckoned by it", () => {
  const { rotation_failed, reload_failed, revoke_failed, reserve_failed, expiry_failed } = EVENTS;
  const failures = [rotation_failed, reload_failed, revoke_failed, reserve_failed, expiry_failed];
  const delivered = { ...EVENTS.delivered, proofOwed: true } as const;
  const told = after(EVENTS.recovered, delivered, EVENTS.still_live, EVENTS.proof_pending, ...failures);
  const at = told.lastConfirm! - HOUR;
  const { proofOwed, lastConfirm, issuerTroubles, ...state } = evolve(told, { ...EVENTS.clock_changed, at });
  assert.deepEqual(
    Object.keys(state).filter((name) => name.endsWith("Trouble")),
    [],
  );
  assert.deepEqual([issuerTroubles, lastConfirm], [{}, at]);
  assert.deepEqual([proofOwed?.since, proofOwed?.nextAt], [at, at]);
  assert.deepEqual(evolve(told, { ...EVENTS.clock_changed, at: told.lastConfirm! + HOUR }), told);
});
