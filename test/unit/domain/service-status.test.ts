import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServiceEvent } from "../../../src/domain/events.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import { serviceStatus } from "../../../src/domain/service-status.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { around, exampleService } from "../../support/circumstances.ts";
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

  it("is paused until the time is over or somebody resumes it", () => {
    assert.equal(after(EVENTS.recovered, EVENTS.paused).pausedUntil, EVENTS.paused.until);
    assert.equal(after(EVENTS.recovered, { ...EVENTS.paused, until: NOW }).pausedUntil, undefined);
    assert.ok(!("pausedUntil" in after(EVENTS.recovered, EVENTS.paused, EVENTS.resumed)));
  });
});
