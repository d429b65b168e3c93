import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../../src/domain/decide.ts";
import type { ServiceEvent } from "../../../src/domain/events.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import type { LeafFacts } from "../../../src/domain/leaf-facts.ts";
import { INITIAL_STATE, type ServiceState } from "../../../src/domain/state.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { around } from "../../support/circumstances.ts";

const NOW = Date.UTC(2026, 0, 1);
const DUE = NOW + 16 * HOUR;

function leaf(serial: string): LeafFacts {
  return {
    serial,
    fingerprint: `f${serial}`,
    generation: `..gen-${serial}`,
    issuer: "main",
    rung: "primary",
    notBefore: NOW,
    notAfter: NOW + 24 * HOUR,
    receivedAt: NOW,
    due: DUE,
    requestHash: "v1:a",
    deliveryHash: "v1:b",
    trustHash: "c",
  };
}

type Without<T> = T extends ServiceEvent ? Omit<T, "at" | "service"> : never;

/** The state after these events, told as the flow tells them. */
function after(...events: Without<ServiceEvent>[]): ServiceState {
  return events.reduce<ServiceState>(
    (state, event) => evolve(state, { ...event, at: NOW, service: "web" }),
    INITIAL_STATE,
  );
}

const recovered = { kind: "recovered", leaf: leaf("01"), reloadOwed: false } as const;
const published = { kind: "published", cause: "renewal_due", leaf: leaf("02"), reloadOwed: true, took: 1 } as const;
const nothing = { kind: "nothing_usable", cause: "missing", message: "" } as const;
const rotationFailed = {
  kind: "rotation_failed",
  cause: "renewal_due",
  stage: "issue",
  issuer: "main",
  reason: "sealed",
  message: "sealed",
  failures: 1,
  retryAt: NOW + MINUTE,
} as const;
const reloadFailed = {
  kind: "reload_failed",
  method: "exec",
  target: "x",
  reason: "reload_failed",
  message: "exit 1",
  failures: 1,
  retryAt: NOW + 2 * MINUTE,
} as const;

test("the disk is read before anything else", () => {
  assert.deepEqual(decide(INITIAL_STATE, around(NOW)), { kind: "recover" });
});

test("a disk that could not be read is read again at the retry, not in a loop", () => {
  const unread = after({ ...rotationFailed, stage: "preflight", reason: "io_error" });
  assert.deepEqual(decide(unread, around(NOW)), { kind: "wait", until: NOW + MINUTE, next: "recover" });
  assert.deepEqual(decide(unread, around(NOW + MINUTE)), { kind: "recover" });
});

test("a missing pair is asked for at once, and after a failure at its retry", () => {
  assert.deepEqual(decide(after(nothing), around(NOW)), { kind: "issue", cause: "missing", issuer: "main" });
  assert.deepEqual(decide(after(nothing, rotationFailed), around(NOW)), {
    kind: "wait",
    until: NOW + MINUTE,
    next: "issue",
  });
  assert.deepEqual(decide(after(nothing, rotationFailed), around(NOW + MINUTE)), {
    kind: "issue",
    cause: "missing",
    issuer: "main",
  });
});

test("a good pair is left alone until it is due", () => {
  assert.deepEqual(decide(after(recovered), around(NOW)), { kind: "wait", until: DUE, next: "issue" });
  assert.deepEqual(decide(after(recovered), around(DUE)), { kind: "issue", cause: "renewal_due", issuer: "main" });
});

test("a failure never makes the next renewal come before it is due", () => {
  assert.deepEqual(decide(after(recovered, rotationFailed), around(NOW + MINUTE)), {
    kind: "wait",
    until: DUE,
    next: "issue",
  });
});

test("a reload that an earlier run owes comes first, even when the renewal is due", () => {
  const owed = after({ ...recovered, reloadOwed: true });
  assert.deepEqual(decide(owed, around(NOW)), { kind: "reload" });
  assert.deepEqual(decide(owed, around(DUE)), { kind: "reload" });
});

test("a reload that keeps failing stops no renewal, and waits for its own retry", () => {
  const failing = after({ ...recovered, reloadOwed: true }, reloadFailed);
  assert.deepEqual(decide(failing, around(NOW)), { kind: "wait", until: NOW + 2 * MINUTE, next: "reload" });
  assert.deepEqual(decide(failing, around(NOW + 2 * MINUTE)), { kind: "reload" });
  assert.deepEqual(decide(failing, around(DUE)), { kind: "issue", cause: "renewal_due", issuer: "main" });
});

test("a delivered reload is owed no more, and its trouble is over", () => {
  const state = after(published, reloadFailed, { kind: "delivered", generation: "..gen-02", serial: "02" });
  assert.equal(state.reloadOwed, false);
  assert.equal(state.reloadTrouble, undefined);
});

test("another request costs a certificate, another delivery or bundle does not", () => {
  const kinds = (["request_changed", "issuer_removed", "delivery_changed", "trust_changed"] as const).map(
    (outdated) => decide(after({ ...recovered, outdated }), around(NOW)).kind,
  );
  assert.deepEqual(kinds, ["issue", "issue", "republish", "republish"]);
});

test("an operator's request is served at once, beats a waiting retry, and is over when a new serial is out", () => {
  const asked = after(recovered, rotationFailed, { kind: "renewal_requested", by: "operator", force: false });
  assert.deepEqual(decide(asked, around(NOW)), { kind: "issue", cause: "forced", issuer: "main" });
  const again = evolve(asked, { ...published, leaf: leaf("01"), at: NOW, service: "web" });
  assert.equal(again.renewalAsked, true, "the same pair in another form is no answer to it");
  assert.equal(evolve(again, { ...published, at: NOW, service: "web" }).renewalAsked, false);
});

test("what is published ends the trouble, the want and the count of failures", () => {
  const state = after(nothing, rotationFailed, published);
  assert.equal(state.rotationTrouble, undefined);
  assert.equal(state.lacking, undefined);
  assert.equal(state.rotations, 1);
  assert.equal(state.current?.serial, "02");
});

test("a retry that was planned by a clock that ran ahead is not waited for once the clock is right", () => {
  const failed = after(nothing, rotationFailed, { ...published, reloadOwed: true }, rotationFailed, reloadFailed);
  assert.equal(decide({ ...failed, reloadOwed: false }, around(NOW + 1)).kind, "wait");
  const before = NOW - 24 * HOUR;
  const set = (state: ServiceState) => evolve(state, { kind: "clock_changed", at: before, service: "web" });
  assert.equal(decide(set(failed), around(before)).kind, "reload");
  assert.equal(decide(set(after(nothing, rotationFailed)), around(before)).kind, "issue");
});

test("a pair that is lost is not kept waiting by what failed while it was there", () => {
  const lost = after(recovered, { ...rotationFailed, retryAt: NOW + HOUR }, { ...nothing, cause: "damaged" });
  assert.deepEqual(decide(lost, around(NOW)), { kind: "issue", cause: "damaged", issuer: "main" });
  const still = after(nothing, { ...rotationFailed, retryAt: NOW + HOUR }, nothing);
  assert.equal(decide(still, around(NOW)).kind, "wait", "looking again is no news");
});
