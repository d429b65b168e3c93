import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Act, Decision } from "../../../src/domain/act.ts";
import { decide } from "../../../src/domain/decide.ts";
import { INITIAL_STATE, type ServiceState, type Trouble } from "../../../src/domain/state.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { around, exampleIssuer, exampleService } from "../../support/circumstances.ts";
import { LEAF } from "../../support/events.ts";

/* The parts of each rule: what it does not want, and from when it wants the rest. */

const START = Date.UTC(2026, 0, 1);
const DUE = START + 16 * HOUR;
const END = START + 24 * HOUR;
const BURNT = DUE + 6 * HOUR;

const pair = { ...LEAF, notBefore: START, receivedAt: START, due: DUE, notAfter: END };
const reserve = { ...pair, serial: "0e", due: START + 48 * HOUR, notAfter: START + 72 * HOUR };
const spec = exampleService({
  outage: { atExpiry: { kind: "keep" }, reserve: { issuer: exampleIssuer("spare"), ttl: 72 * HOUR } },
});
const superseded = { serial: "0a", issuer: "main", notAfter: END };
const proofOwed = { since: START, nextAt: START + HOUR, looks: 0 };

const state = (changes: Partial<ServiceState> = {}): ServiceState => ({
  ...INITIAL_STATE,
  recovered: true,
  current: pair,
  reserve,
  ...changes,
});
const { current: _, ...bare } = state();

const failed = (stage: Trouble["stage"], changes: Partial<Trouble> = {}): Trouble => ({
  failures: 1,
  reason: "reload_failed",
  message: "",
  stage,
  since: START,
  at: START,
  retryAt: START + HOUR,
  ...changes,
});
const at = (now: number, changes: Partial<ServiceState> = {}) => decide(state(changes), around(now, { spec }));
const waits = (until: number, next: Act["kind"]): Decision => ({ kind: "wait", until, next });

describe("a reload", () => {
  it("that failed and is owed no more is not repeated", () => {
    assert.deepEqual(at(START, { reloadTrouble: failed("reload") }), waits(DUE, "issue"));
  });

  it("waits for no window where there is no pair, or where nobody knows what is served", () => {
    const where = around(START, { spec, windowOpensAt: END });
    const lost = { ...bare, reloadOwed: true, servedUntil: END };
    assert.deepEqual(decide(lost, where), { kind: "reload" });
    assert.deepEqual(decide(state({ reloadOwed: true }), where), { kind: "reload" });
  });

  it("yields the earlier, the longer the pair lives", () => {
    const short = { ...pair, notAfter: START + HOUR, due: START + 40 * MINUTE };
    const owed = state({ current: short, reloadOwed: true, servedUntil: START + 30 * MINUTE });
    // Twice a twentieth of an hour.
    assert.deepEqual(decide(owed, around(START, { spec, windowOpensAt: END })), waits(START + 24 * MINUTE, "reload"));
  });
});

describe("a look at what was live", () => {
  it("comes five minutes after the last, and no second time beside a reload or a proof", () => {
    assert.deepEqual(at(START, { lastConfirm: START }), waits(START + 5 * MINUTE, "confirm"));
    assert.deepEqual(at(START + 5 * MINUTE, { lastConfirm: START }), { kind: "confirm" });
    assert.deepEqual(at(START, {}), waits(DUE, "issue"));
    assert.deepEqual(at(START, { lastConfirm: START, proofOwed }), waits(START + HOUR, "confirm"));
    const owed = { lastConfirm: START, reloadOwed: true, reloadTrouble: failed("reload") };
    assert.deepEqual(at(START, owed), waits(START + HOUR, "reload"));
  });
});

describe("a revocation", () => {
  it("waits for a reload that is still owed", () => {
    const owed = { superseded, reloadOwed: true, reloadTrouble: failed("reload") };
    assert.deepEqual(at(START, owed), waits(START + HOUR, "reload"));
  });
});

describe("a rotation", () => {
  it("of a service without anything is for a pair that is missing", () => {
    assert.deepEqual(decide(bare, around(START, { spec })), { kind: "issue", cause: "missing", issuer: "main" });
  });

  it("that replaces a good pair waits for its place, but not longer than until renewal is due", () => {
    for (const [outdated, next] of [
      ["request_changed", "issue"],
      ["trust_changed", "republish"],
    ] as const) {
      assert.deepEqual(at(START, { outdated, replaceAt: START + HOUR }), waits(START + HOUR, next));
      assert.deepEqual(at(START, { outdated, replaceAt: DUE + HOUR }), waits(DUE, next));
    }
  });

  it("that only the issuer held up is no reason to wait for what needs no issuer", () => {
    const sealed = failed("issue", { reason: "sealed", at: DUE, retryAt: END });
    const troubles = { main: { failures: 1, reason: "sealed", since: DUE, at: DUE, retryAt: END } } as const;
    assert.deepEqual(at(BURNT, { rotationTrouble: sealed, issuerTroubles: troubles }), { kind: "use_reserve" });
    assert.deepEqual(at(DUE, { rotationTrouble: sealed, issuerTroubles: troubles, outdated: "trust_changed" }), {
      kind: "republish",
      cause: "trust_changed",
    });
  });
});

describe("who may do only some things", () => {
  it("does the first of those that is wanted, and waits for the others", () => {
    const only = new Set<Act["kind"]>(["issue"]);
    const owed = state({ reloadOwed: true });
    assert.deepEqual(decide(owed, around(DUE, { spec }), { only }).kind, "issue");
    assert.deepEqual(decide(owed, around(START, { spec }), { only }), waits(DUE, "issue"));
  });
});
