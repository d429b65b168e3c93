import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Circuit } from "../../../src/domain/circuit.ts";
import type { ServiceEvent } from "../../../src/domain/events.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { serviceStatus } from "../../../src/domain/status/service-status.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { around, exampleProbe, exampleService } from "../../support/circumstances.ts";
import { EVENTS, LEAF } from "../../support/events.ts";
import { NOW } from "../../support/status.ts";

const SPEC = exampleService({ name: "payments" });
const { names } = SPEC.request;

const after = (...events: readonly ServiceEvent[]) =>
  serviceStatus(events.reduce(evolve, INITIAL_STATE), around(NOW, { spec: SPEC }));

describe("the status of a service", () => {
  it("before anything happened: pending, the disk comes next", () => {
    assert.deepEqual(after(), {
      name: "payments",
      required: true,
      state: "pending",
      nextAction: "recover",
      nextAt: NOW,
      names,
      issuer: "main",
      delivered: true,
      ladder: [
        { kind: "keep", inUse: false, available: false, why: "no_pair" },
        { kind: "issuer", name: "main", inUse: false, available: true },
        { kind: "expiry", name: "keep", inUse: false, available: true },
      ],
      failures: 0,
      lastSuccess: {},
    });
  });

  it("after a good rotation: ok, with the leaf and the time of each success", () => {
    const { generation, serial } = LEAF;
    const status = after(EVENTS.nothing_usable, EVENTS.issued, EVENTS.published, EVENTS.delivered);
    assert.equal(status.state, "ok");
    assert.deepEqual([status.generation, status.serial], [generation, serial]);
    assert.deepEqual([status.nextAction, status.nextAt], ["issue", LEAF.due]);
    assert.deepEqual(status.lastSuccess, { issue: NOW, store: NOW, reload: NOW });
  });

  it("while issuing fails: the reason, the count and when it tries again", () => {
    const status = after(EVENTS.nothing_usable, EVENTS.rotation_failed);
    assert.deepEqual(
      [status.state, status.reason, status.message, status.failures, status.nextAction, status.nextAt],
      ["missing", "sealed", "Vault is sealed", 2, "issue", NOW + MINUTE],
    );
    assert.deepEqual([status.failedStage, status.failedAt], ["issue", NOW]);
  });

  it("while all whom it may ask are away: why, though it has failed at nothing itself", () => {
    const open: Circuit = { kind: "open", since: NOW - HOUR, reason: "sealed", trips: 0, probeAt: NOW + MINUTE };
    const at = (now: number, circuits: Readonly<Record<string, Circuit>>, ...events: readonly ServiceEvent[]) => {
      const state = [{ ...EVENTS.recovered, reloadOwed: false }, ...events].reduce(evolve, INITIAL_STATE);
      const {
        state: standing,
        reason,
        message,
        failedStage,
        failedAt,
        failures,
      } = serviceStatus(state, around(now, { spec: SPEC, circuits }));
      return { standing, reason, message, failedStage, failedAt, failures };
    };
    assert.deepEqual(at(LEAF.due, { main: open }), {
      standing: "retrying",
      reason: "sealed",
      message: "issuer main has been away since 2026-01-01T11:00:00Z: only its health is asked for",
      failedStage: "issue",
      failedAt: NOW - HOUR,
      failures: 0,
    });
    assert.equal(at(LEAF.due - MINUTE, { main: open }).standing, "ok", "nothing is wanted yet");
    assert.equal(at(LEAF.due, {}).standing, "due");
    assert.equal(at(LEAF.notAfter, { main: open }).reason, "sealed");
    const paused = { ...EVENTS.paused, until: LEAF.due + HOUR };
    assert.equal(at(LEAF.due, { main: open }, paused).reason, undefined, "that is why");
    const tried = { ...open, kind: "half_open", streak: 1, trial: "other" } as const;
    assert.equal(at(LEAF.due, { main: tried }).reason, "sealed", "another one tries it");
    const failed = { ...EVENTS.rotation_failed, reason: "role_missing" } as const;
    assert.equal(at(LEAF.due, { main: open }, failed).reason, "role_missing", "its own failure says more");
  });

  it("while the dependents use another certificate: when that ends", () => {
    const served = { ...EVENTS.recovered, servedUntil: NOW + MINUTE };
    assert.deepEqual([after({ ...served, reloadOwed: true }).usedUntil], [NOW + MINUTE]);
    assert.equal(after({ ...served, reloadOwed: false }).usedUntil, undefined);
    const same = { ...EVENTS.recovered, servedUntil: LEAF.notAfter, reloadOwed: true };
    assert.equal(after(same).usedUntil, undefined, "the same pair in another form");
  });

  it("while the budget is spent: that, until the next certificate is within it", () => {
    const spent = { ...EVENTS.rotation_failed, reason: "budget_exhausted" } as const;
    assert.equal(after(EVENTS.recovered, spent).budgetSpent, true);
    assert.ok(!("budgetSpent" in after(EVENTS.recovered, { ...spent, retryAt: NOW })));
    assert.ok(!("budgetSpent" in after(EVENTS.recovered, EVENTS.rotation_failed)));
  });

  it("with a reserve: when that ends, unless it is the pair that is published", () => {
    assert.equal(after(EVENTS.recovered).reserveNotAfter, undefined);
    const reserved = { ...EVENTS.reserved, leaf: { ...LEAF, serial: "0b", notAfter: NOW + 9 * HOUR } };
    assert.equal(after(EVENTS.recovered, reserved).reserveNotAfter, NOW + 9 * HOUR);
    assert.ok(!("reserveNotAfter" in after(EVENTS.recovered, EVENTS.reserved)));
    assert.ok(!("reserveNotAfter" in after(EVENTS.recovered, reserved, EVENTS.reserve_lost)));
  });

  it("while a reload fails: owed, although the pair is good", () => {
    const status = after(EVENTS.published, EVENTS.recovered, EVENTS.reload_failed);
    assert.deepEqual(
      [status.state, status.delivered, status.reason, status.nextAction],
      ["reload_owed", false, "reload_failed", "reload"],
    );
  });

  it("is expired once the leaf has ended", () => {
    const state = [EVENTS.recovered, EVENTS.delivered].reduce<ReturnType<typeof evolve>>(evolve, INITIAL_STATE);
    assert.equal(serviceStatus(state, around(NOW + HOUR, { spec: SPEC })).state, "expired");
  });
});

describe("whether the pair on disk is served", () => {
  const step = { kind: "touch", path: "/run/reload" } as const;
  const reloaded = exampleService({ reload: [step] });
  const probed = exampleService({ reload: [step], probes: [exampleProbe()] });
  const { published, delivered, confirmed, proof_failed, proof_pending } = EVENTS;
  const owing = { ...delivered, proofOwed: true } as const;
  const served = (spec: ServiceSpec, ...events: readonly ServiceEvent[]) =>
    serviceStatus(events.reduce(evolve, INITIAL_STATE), around(NOW, { spec })).served;

  it("is known from the reload where there is no probe", () => {
    assert.equal(served(reloaded, published), false);
    assert.equal(served(reloaded, published, EVENTS.reload_failed), false);
    assert.equal(served(reloaded, published, delivered), true);
    assert.equal(served(reloaded, { ...EVENTS.recovered, reloadOwed: false }), true);
  });

  it("is known from the probe where there is one, and not before it has looked", () => {
    assert.equal(served(probed, published), false);
    assert.equal(served(probed, published, owing), undefined);
    assert.equal(served(probed, published, owing, proof_pending), undefined);
    assert.equal(served(probed, published, owing, { ...proof_failed, outcome: "unknown" }), undefined);
    assert.equal(served(probed, published, owing, confirmed), true);
    assert.equal(served(probed, published, owing, confirmed, published), false);
  });

  it("stays false after another certificate was seen, until the right one is", () => {
    assert.equal(served(probed, published, owing, proof_failed), false);
    assert.equal(served(probed, published, owing, proof_failed, owing), false);
    assert.equal(served(probed, published, owing, proof_failed, owing, confirmed), true);
  });

  it("is known to nobody without a pair, or without a reload and a probe", () => {
    assert.equal(served(reloaded, EVENTS.nothing_usable), undefined);
    assert.equal(served(exampleService(), { ...published, reloadOwed: false }), undefined);
  });
});

describe("a pause", () => {
  it("is told until the time is over or somebody resumes it", () => {
    assert.equal(after(EVENTS.recovered, EVENTS.paused).pausedUntil, EVENTS.paused.until);
    assert.equal(after(EVENTS.recovered, { ...EVENTS.paused, until: NOW }).pausedUntil, undefined);
    assert.ok(!("pausedUntil" in after(EVENTS.recovered, EVENTS.paused, EVENTS.resumed)));
  });
});
