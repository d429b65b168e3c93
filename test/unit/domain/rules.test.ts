import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { Decision } from "../../../src/domain/act.ts";
import type { Circuit } from "../../../src/domain/circuit.ts";
import { decide } from "../../../src/domain/decide.ts";
import type { Circumstances } from "../../../src/domain/ladder.ts";
import { RULES } from "../../../src/domain/rules.ts";
import { INITIAL_STATE, type ServiceState, type Trouble } from "../../../src/domain/state.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { around, exampleIssuer, exampleService } from "../../support/circumstances.ts";
import { LEAF } from "../../support/events.ts";

/* Every rule of `decide` is needed, and stands where it stands for a reason. */

const START = Date.UTC(2026, 0, 1);
const DUE = START + 16 * HOUR;
const END = START + 24 * HOUR;
const BURNT = DUE + 6 * HOUR;

const pair = { ...LEAF, notBefore: START, receivedAt: START, due: DUE, notAfter: END };
const reserve = {
  ...pair,
  serial: "0e",
  rung: "reserve",
  due: START + 48 * HOUR,
  notAfter: START + 72 * HOUR,
} as const;
const spec = exampleService({
  issuers: [exampleIssuer("main"), exampleIssuer("dr")],
  outage: { atExpiry: { kind: "keep" }, reserve: { issuer: exampleIssuer("main-reserve"), ttl: 72 * HOUR } },
});
const open = (probeAt: number): Circuit => ({ kind: "open", since: DUE, reason: "sealed", trips: 0, probeAt });
const away = { main: open(END + HOUR), dr: open(END + HOUR) };

const state = (changes: Partial<ServiceState> = {}): ServiceState => ({
  ...INITIAL_STATE,
  recovered: true,
  current: pair,
  reserve,
  ...changes,
});
const trouble = (changes: Partial<Trouble> = {}): Trouble => ({
  failures: 1,
  reason: "reload_failed",
  message: "",
  stage: "reload",
  since: START,
  at: START,
  retryAt: START + MINUTE,
  ...changes,
});
const superseded = { serial: "0a", issuer: "main", notAfter: END };
const proofOwed = { since: START, nextAt: START + SECOND, looks: 0 };

interface Situation {
  readonly state: ServiceState;
  readonly around: Circumstances;
  readonly does: Decision;
}

const issue = (cause: "renewal_due" | "missing", issuer = "main") => ({ kind: "issue", cause, issuer }) as const;

/** One for each rule: what is done then is not done without it. */
const SITUATIONS: Readonly<Record<string, Situation>> = {
  "dependents are told at once": {
    state: state({ reloadOwed: true }),
    around: around(DUE, { spec }),
    does: { kind: "reload" },
  },
  "a pair is published that is wanted now": {
    state: state(),
    around: around(DUE, { spec }),
    does: issue("renewal_due"),
  },
  "the reserve takes over when no issuer gives another in time": {
    state: state(),
    around: around(BURNT, { spec, circuits: away }),
    does: { kind: "use_reserve" },
  },
  "a pair that ended, with no other to be had now, is dealt with as the operator wants": {
    state: state({ reserve: { ...reserve, notAfter: END } }),
    around: around(END, { spec, circuits: away }),
    does: { kind: "expire" },
  },
  "what the dependents serve is looked at": {
    state: state({ proofOwed }),
    around: around(START + MINUTE, { spec }),
    does: { kind: "confirm" },
  },
  "what was seen to be live is looked at now and then": {
    state: state({ lastConfirm: START }),
    around: around(START + 5 * MINUTE, { spec }),
    does: { kind: "confirm" },
  },
  "dependents are told again after a failure": {
    state: state({ reloadOwed: true, reloadTrouble: trouble() }),
    around: around(START + MINUTE, { spec }),
    does: { kind: "reload" },
  },
  "a certificate that was replaced is revoked once the new one is live": {
    state: state({ superseded }),
    around: around(START, { spec }),
    does: { kind: "revoke" },
  },
  "a reserve is held": {
    state: { ...INITIAL_STATE, recovered: true, current: pair },
    around: around(START, { spec }),
    does: { kind: "reserve" },
  },
};

describe("each rule", () => {
  for (const [name, situation] of Object.entries(SITUATIONS))
    it(name, () => {
      assert.deepEqual(decide(situation.state, situation.around), situation.does);
      const rules = RULES.filter((rule) => rule.name !== name);
      assert.notDeepEqual(decide(situation.state, situation.around, { rules }), situation.does);
    });

  it("has its situation", () => {
    assert.deepEqual(RULES.map(({ name }) => name).toSorted(), Object.keys(SITUATIONS).toSorted());
  });
});

/** Two things at once: which one is done, and what is done without its rule. */
const CONFLICTS: readonly (Situation & { readonly says: string; readonly instead: Decision["kind"] })[] = [
  {
    says: "a reload that costs nothing comes before a renewal",
    state: state({ reloadOwed: true }),
    around: around(DUE, { spec }),
    does: { kind: "reload" },
    instead: "issue",
  },
  {
    says: "an issuer that answers comes before the reserve",
    state: state({ issuerTroubles: {} }),
    around: around(BURNT, { spec, circuits: { dr: open(END) } }),
    does: issue("renewal_due"),
    instead: "use_reserve",
  },
  {
    says: "an issuer that may be asked comes before the end",
    state: state(),
    around: around(END + HOUR, { spec }),
    does: issue("renewal_due"),
    instead: "expire",
  },
  {
    says: "a reserve that takes over comes before the end",
    state: state(),
    around: around(END, { spec, circuits: away }),
    does: { kind: "use_reserve" },
    instead: "expire",
  },
  {
    says: "a renewal comes before a look at the dependents",
    state: state({ proofOwed }),
    around: around(DUE, { spec }),
    does: issue("renewal_due"),
    instead: "confirm",
  },
  {
    says: "a renewal comes before a reload that has failed",
    state: state({ reloadOwed: true, reloadTrouble: trouble() }),
    around: around(DUE, { spec }),
    does: issue("renewal_due"),
    instead: "reload",
  },
  {
    says: "a revocation comes before the next reserve",
    state: state({ superseded, reserve: pair }),
    around: around(START, { spec }),
    does: { kind: "revoke" },
    instead: "reserve",
  },
];

describe("the order of the rules", () => {
  for (const { says, state: of, around: where, does, instead } of CONFLICTS)
    it(says, () => {
      assert.deepEqual(decide(of, where), does);
      const first = RULES.find(({ wish }) => wish(of, where)?.act.kind === does.kind);
      const rules = RULES.filter((rule) => rule !== first);
      assert.equal(decide(of, where, { rules }).kind, instead, "both were due");
    });
});

test("while nobody can be asked, the next thing is whatever comes first", () => {
  const wait = (now: number, changes: Partial<ServiceState> = {}, circuits = away) =>
    decide(state(changes), around(now, { spec, circuits }));
  const looked = { main: open(DUE + 20 * SECOND), dr: open(END + HOUR) };
  assert.deepEqual(wait(DUE, {}, looked), { kind: "wait", until: DUE + 20 * SECOND, next: "issue" });
  assert.deepEqual(wait(DUE), { kind: "wait", until: BURNT, next: "use_reserve" });
  const { reserve: _, ...bare } = state();
  const none = exampleService({ issuers: spec.issuers });
  const left = decide(bare, around(DUE, { spec: none, circuits: away }));
  assert.deepEqual(left, { kind: "wait", until: END, next: "expire" });
  const over = decide({ ...bare, expired: pair.generation }, around(END, { spec: none, circuits: away }));
  assert.deepEqual(over, { kind: "wait", until: END + HOUR, next: "issue" }, "once for each pair");
});

test("of the issuers that may be asked the first is asked, else whose turn comes first is waited for", () => {
  const quick = exampleService({ issuers: spec.issuers, outage: { ...spec.outage, failoverAfter: 5 * MINUTE } });
  const troubled = (retryAt: number) =>
    state({ issuerTroubles: { main: { failures: 1, reason: "sealed", since: DUE, at: DUE, retryAt } } });
  const at = (now: number, retryAt: number) => decide(troubled(retryAt), around(now, { spec: quick }));
  assert.deepEqual(at(DUE + MINUTE, DUE + 2 * MINUTE), { kind: "wait", until: DUE + 2 * MINUTE, next: "issue" });
  assert.deepEqual(at(DUE + MINUTE, DUE + 9 * MINUTE), { kind: "wait", until: DUE + 5 * MINUTE, next: "issue" });
  assert.deepEqual(at(DUE + 5 * MINUTE, DUE + 9 * MINUTE), issue("renewal_due", "dr"));
  assert.deepEqual(at(DUE + 9 * MINUTE, DUE + 9 * MINUTE), issue("renewal_due", "main"), "both may: the first one");
});

test("a spent budget keeps the issuers waiting, and not what costs no certificate", () => {
  const spent = trouble({ reason: "budget_exhausted", stage: "issue", at: DUE, retryAt: END });
  const ready = around(BURNT, { spec });
  assert.deepEqual(decide(state({ rotationTrouble: spent }), ready), { kind: "use_reserve" });
  const { reserve: _, ...bare } = state({ rotationTrouble: spent });
  const none = around(BURNT, { spec: exampleService() });
  assert.deepEqual(decide(bare, none), { kind: "wait", until: END, next: "issue" });
  assert.deepEqual(decide({ ...bare, outdated: "trust_changed" }, none), { kind: "republish", cause: "trust_changed" });
});

test("a disk that fails keeps everything waiting that must be written", () => {
  const full = trouble({ reason: "disk_full", stage: "store", at: BURNT, retryAt: BURNT + MINUTE });
  const where = around(BURNT, { spec, circuits: away });
  assert.deepEqual(decide(state({ rotationTrouble: full }), where), {
    kind: "wait",
    until: BURNT + MINUTE,
    next: "use_reserve",
  });
  const again = decide(state({ rotationTrouble: full, outdated: "delivery_changed" }), around(BURNT, { spec }));
  assert.deepEqual(again, { kind: "wait", until: BURNT + MINUTE, next: "republish" });
  for (const reason of ["internal", "cancelled"] as const) {
    const stopped = state({ rotationTrouble: { ...full, stage: "issue", reason } });
    assert.deepEqual(decide(stopped, around(BURNT, { spec })).kind, "wait", `${reason}: not in a loop`);
  }
});

test("a pause holds everything back but what an operator forces", () => {
  const paused = state({ reserve: pair, reloadOwed: true, superseded, proofOwed, pausedUntil: END + HOUR });
  for (const now of [START, DUE, BURNT, END]) {
    const decision = decide(paused, around(now, { spec, circuits: away }));
    assert.deepEqual([decision.kind, decision.kind === "wait" && decision.until], ["wait", END + HOUR]);
  }
  assert.equal(decide({ ...paused, renewalAsked: true, force: true }, around(START, { spec })).kind, "reload");
});

test("a window holds reloads back, unless what dependents use would end before", () => {
  const at = (now: number, changes: Partial<ServiceState> = {}, windowOpensAt = END + HOUR) =>
    decide(
      state({ reloadOwed: true, servedUntil: START + 4 * HOUR, ...changes }),
      around(now, { spec, windowOpensAt }),
    );
  // A twentieth of the 24 h, but 10 min at most, and that twice.
  const yields = START + 4 * HOUR - 20 * MINUTE;
  assert.deepEqual(at(START), { kind: "wait", until: yields, next: "reload" });
  assert.deepEqual(at(yields), { kind: "reload" });
  assert.deepEqual(at(START, {}, START + HOUR), { kind: "wait", until: START + HOUR, next: "reload" });
  assert.deepEqual(at(START, { force: true, renewalAsked: true }), { kind: "reload" });
  const { servedUntil: _, ...unknown } = state({ reloadOwed: true });
  assert.deepEqual(decide(unknown, around(START, { spec, windowOpensAt: END })), { kind: "reload" });
  const failing = at(START, { reloadTrouble: trouble() });
  assert.deepEqual(failing, { kind: "wait", until: yields, next: "reload" });
  assert.deepEqual(at(yields, { reloadTrouble: trouble({ at: yields, retryAt: yields + SECOND }) }).kind, "wait");
});

test("a certificate is revoked when nobody needs it any more: told, proved, and after a failure at its retry", () => {
  const kind = (changes: Partial<ServiceState>, now = START) => {
    const decision = decide(state({ superseded, ...changes }), around(now, { spec }));
    return decision.kind === "wait" ? [decision.next, decision.until] : decision.kind;
  };
  assert.equal(kind({}), "revoke");
  assert.equal(kind({ reloadOwed: true }), "reload");
  assert.deepEqual(kind({ proofOwed: { ...proofOwed, nextAt: START + MINUTE } }), ["confirm", START + MINUTE]);
  const failed = { revokeTrouble: trouble({ stage: "issue", reason: "sealed", retryAt: START + HOUR }) };
  assert.deepEqual(kind(failed), ["revoke", START + HOUR]);
});

test("a reserve is renewed at its own time, in its own trouble, behind the circuit of its own issuer", () => {
  const until = (changes: Partial<ServiceState>, circuits: Readonly<Record<string, Circuit>> = {}, now = START) => {
    const decision = decide(state(changes), around(now, { spec, circuits }));
    return decision.kind === "wait" ? [decision.next, decision.until] : decision.kind;
  };
  const soon = { ...reserve, due: START + HOUR };
  assert.deepEqual(until({ reserve: soon }), ["reserve", START + HOUR]);
  assert.equal(until({ reserve: soon }, {}, START + HOUR), "reserve");
  const failing = { reserve: soon, reserveTrouble: trouble({ retryAt: START + 2 * HOUR }) };
  assert.deepEqual(until(failing, {}, START + HOUR), ["reserve", START + 2 * HOUR]);
  const circuits = { "main-reserve": open(START + 3 * HOUR) };
  assert.deepEqual(until({ reserve: soon }, circuits, START + HOUR), ["reserve", START + 3 * HOUR]);
  assert.equal(
    until({ current: { ...reserve, notAfter: END + HOUR } }),
    "reserve",
    "the one that is published is none",
  );
  assert.deepEqual(until({ reserve: soon, expired: pair.generation }, away, END), "use_reserve");
  const over = { reserve: { ...reserve, notAfter: START }, expired: pair.generation };
  assert.deepEqual(until(over, away, END), ["issue", END + HOUR], "first a pair, then a reserve");
});

test("what an operator expires waits for its retry after a failure", () => {
  const failing = state({
    reserve: pair,
    expiryTrouble: trouble({ at: END, retryAt: END + 10 * SECOND }),
  });
  assert.deepEqual(decide(failing, around(END, { spec, circuits: away })), {
    kind: "wait",
    until: END + 10 * SECOND,
    next: "expire",
  });
  assert.deepEqual(decide(failing, around(END + 10 * SECOND, { spec, circuits: away })), { kind: "expire" });
});
