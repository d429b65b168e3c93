import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Circuit, CLOSED } from "../../../src/domain/circuit.ts";
import type { Reason } from "../../../src/domain/errors.ts";
import { askableFrom, burnAt, reserveFrom, reserveProblem, turns } from "../../../src/domain/ladder.ts";
import type { OutageSpec } from "../../../src/domain/outage-spec.ts";
import { rungs } from "../../../src/domain/rungs.ts";
import { INITIAL_STATE, type IssuerTrouble, type ServiceState } from "../../../src/domain/state.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { around, exampleIssuer, exampleService } from "../../support/circumstances.ts";
import { LEAF } from "../../support/events.ts";

/*
 * A pair of 24 h whose renewal is due after 16 h: the renewal window is 8 h long, 25 % of it are burnt after 2 h, 75 %
 * after 6 h.
 */
const START = Date.UTC(2026, 0, 1);
const DUE = START + 16 * HOUR;
const END = START + 24 * HOUR;
const FOREVER = Number.POSITIVE_INFINITY;
const AT_ONCE = Number.NEGATIVE_INFINITY;

const pair = { ...LEAF, notBefore: START, receivedAt: START, due: DUE, notAfter: END };
const fromDr = { ...pair, issuer: "dr", rung: "failover" } as const;
const reserve = {
  ...pair,
  serial: "0e",
  issuer: "main-reserve",
  rung: "reserve",
  notAfter: START + 72 * HOUR,
} as const;

function service({ names = ["main", "dr"], ...outage }: Partial<OutageSpec> & { names?: readonly string[] } = {}) {
  const [first = "main", ...others] = names;
  return exampleService({
    issuers: [exampleIssuer(first), ...others.map((name) => exampleIssuer(name))],
    outage: { atExpiry: { kind: "keep" }, ...outage },
  });
}

const state = (changes: Partial<ServiceState> = {}): ServiceState => ({
  ...INITIAL_STATE,
  recovered: true,
  current: pair,
  ...changes,
});

/** One failure at that time, to be tried again a minute later. */
const failed = (at: number, reason: Reason = "sealed"): IssuerTrouble => ({
  failures: 1,
  reason,
  since: at,
  at,
  retryAt: at + MINUTE,
});

type Open = Circuit & { kind: "open" };
type HalfOpen = Circuit & { kind: "half_open" };
type Closed = Circuit & { kind: "closed" };

const open = (since: number, probeAt = since + 2 * SECOND): Open => ({
  kind: "open",
  since,
  reason: "sealed",
  trips: 0,
  probeAt,
});
const halfOpen = (since: number, streak: number): HalfOpen => ({ ...open(since), kind: "half_open", streak });

/** [issuer, from] in their order. */
const order = (...[of, where]: Parameters<typeof turns>) => turns(of, where).map(({ issuer, from }) => [issuer, from]);

describe("the next issuer", () => {
  const spec = service();

  it("does not take part while the first one answers, however late it is", () => {
    const now = END - MINUTE;
    assert.deepEqual(order(state(), around(now, { spec })), [
      ["main", AT_ONCE],
      ["dr", FOREVER],
    ]);
  });

  it("is asked when a quarter of the renewal window is burnt", () => {
    const { current: _, ...gone } = state();
    assert.equal(burnAt(pair, 0.25), DUE + 2 * HOUR);
    const troubled = state({ issuerTroubles: { main: failed(DUE) } });
    assert.deepEqual(order(troubled, around(DUE, { spec }))[1], ["dr", DUE + 2 * HOUR]);
    const late = state({ issuerTroubles: { main: failed(DUE + 5 * HOUR) } });
    assert.deepEqual(order(late, around(DUE + 5 * HOUR, { spec }))[1], ["dr", DUE + 5 * HOUR], "at the first failure");
    assert.deepEqual(order({ ...gone, issuerTroubles: { main: failed(DUE) } }, around(DUE, { spec }))[1], ["dr", DUE]);
  });

  it("is asked when the circuit of the first one has been open for ten minutes, but not before renewal is due", () => {
    const at = (since: number) => order(state(), around(DUE, { spec, circuits: { main: open(since) } }))[1]?.[1];
    assert.equal(at(DUE + MINUTE), DUE + 11 * MINUTE);
    assert.equal(at(DUE - 10 * HOUR), DUE);
    assert.equal(at(DUE + 2 * HOUR), DUE + 2 * HOUR, "whichever comes first, and never before it opened");
    const looked = order(state(), around(DUE, { spec, circuits: { main: halfOpen(DUE, 1) } }));
    assert.equal(looked[1]?.[1], DUE + 10 * MINUTE, "a good health is no certificate");
    const refusal = state({ issuerTroubles: { main: failed(DUE, "permission_denied") } });
    assert.equal(order(refusal, around(DUE, { spec }))[1]?.[1], DUE + 2 * HOUR, "a refusal opens no circuit");
  });

  it("is asked after failoverAfter, counted from the first failure or from when the circuit opened", () => {
    const quick = service({ failoverAfter: 5 * MINUTE });
    const troubled = state({ issuerTroubles: { main: { ...failed(DUE + MINUTE), at: DUE + 4 * MINUTE } } });
    assert.equal(order(troubled, around(DUE, { spec: quick }))[1]?.[1], DUE + 6 * MINUTE);
    const at = (since: number) => order(state(), around(DUE, { spec: quick, circuits: { main: open(since) } }))[1]?.[1];
    assert.equal(at(DUE + 2 * MINUTE), DUE + 7 * MINUTE);
    assert.equal(at(DUE - HOUR), DUE, "it has failed for longer already");
    const slow = service({ failoverAfter: 7 * HOUR });
    assert.equal(order(troubled, around(DUE, { spec: slow }))[1]?.[1], DUE + MINUTE + 7 * HOUR, "instead of the burn");
  });

  it("takes over at once when the pair has ended or there is none", () => {
    const quick = service({ failoverAfter: 5 * HOUR });
    const ended = state({ issuerTroubles: { main: failed(END + MINUTE) } });
    assert.equal(order(ended, around(END + MINUTE, { spec: quick }))[1]?.[1], END + MINUTE);
    const { current: _, ...none } = ended;
    assert.equal(order(none, around(DUE, { spec: quick }))[1]?.[1], END + MINUTE);
  });

  it("is asked before renewal is due where another certificate is wanted now", () => {
    const early = START + HOUR;
    const troubles = { issuerTroubles: { main: failed(early) } };
    const quick = service({ failoverAfter: 5 * MINUTE });
    const from = (changes: Partial<ServiceState>, of = quick, circuits = {}) =>
      order(state({ ...troubles, ...changes }), around(early + 2 * MINUTE, { spec: of, circuits }))[1]?.[1];
    assert.equal(from({}), DUE, "nothing is wanted yet");
    assert.equal(from({ outdated: "request_changed" }), early + 5 * MINUTE);
    assert.equal(from({ renewalAsked: true }), early + 5 * MINUTE);
    assert.equal(from({ outdated: "request_changed", replaceAt: early + HOUR }), early + HOUR, "not before its place");
    assert.equal(from({ outdated: "request_changed", replaceAt: DUE + HOUR }), DUE, "nor after renewal is due");
    const circuits = { main: open(early) };
    assert.equal(from({ outdated: "request_changed" }, service(), circuits), early + 10 * MINUTE);
  });

  it("waits for each one before it in turn", () => {
    const three = service({ names: ["main", "dr", "far"], failoverAfter: 5 * MINUTE });
    const troubles = { main: failed(DUE), dr: failed(DUE + 5 * MINUTE) };
    assert.deepEqual(order(state({ issuerTroubles: troubles }), around(DUE, { spec: three })), [
      ["main", AT_ONCE],
      ["dr", DUE + 5 * MINUTE],
      ["far", DUE + 10 * MINUTE],
    ]);
    const only = order(state({ issuerTroubles: { main: failed(DUE) } }), around(DUE, { spec: three }));
    assert.deepEqual(only[2], ["far", FOREVER]);
    const before = state({ issuerTroubles: { main: failed(DUE), dr: failed(START) } });
    assert.deepEqual(order(before, around(DUE, { spec: three }))[2], ["far", DUE + 5 * MINUTE], "never before dr");
  });
});

describe("the way back", () => {
  const spec = service({ names: ["main", "dr", "far"], failoverAfter: 5 * MINUTE });
  const names = (of: ServiceState, circuits: Readonly<Record<string, Circuit>> = {}) =>
    turns(of, around(DUE, { spec, circuits })).map(({ issuer }) => issuer);

  it("is taken after two successes in a row, and not before", () => {
    const left = state({ current: fromDr });
    const closed = (streak: number): Closed => ({ kind: "closed", failures: 0, since: DUE, streak });
    assert.deepEqual(names(left), ["main", "dr", "far"], "nothing bad is known, as after a restart");
    assert.deepEqual(names(left, { main: open(DUE) }), ["dr", "main", "far"]);
    assert.deepEqual(names(left, { main: halfOpen(DUE, 1) }), ["dr", "main", "far"]);
    assert.deepEqual(names(left, { main: halfOpen(DUE, 2) }), ["main", "dr", "far"]);
    assert.deepEqual(names(left, { main: closed(1) }), ["dr", "main", "far"]);
    assert.deepEqual(names(left, { main: closed(2) }), ["main", "dr", "far"]);
    assert.deepEqual(names(state({ current: { ...fromDr, issuer: "far" } }), { main: open(DUE) })[0], "far");
  });

  it("leaves the order alone for a pair of the first issuer, of the reserve, or of one that is configured no more", () => {
    for (const current of [pair, reserve, { ...fromDr, issuer: "old" }])
      assert.deepEqual(names(state({ current }), { main: open(DUE) }), ["main", "dr", "far"]);
  });

  it("costs nothing when it fails: the one that gave the pair is asked at once", () => {
    const tried = state({ current: fromDr, issuerTroubles: { main: failed(DUE) } });
    assert.deepEqual(order(tried, around(DUE, { spec }))[1], ["dr", DUE]);
  });

  it("is tried when the one that stood in fails, like any next issuer", () => {
    const tried = state({ current: fromDr, issuerTroubles: { dr: failed(DUE) } });
    assert.deepEqual(order(tried, around(DUE, { spec, circuits: { main: halfOpen(START, 1) } }))[1], [
      "main",
      DUE + 5 * MINUTE,
    ]);
  });

  it("is taken by force at once, whatever stands against it", () => {
    const forced = state({ current: fromDr, renewalAsked: true, force: true });
    const where = around(DUE, { spec, circuits: { main: open(DUE - HOUR) } });
    assert.deepEqual(turns(forced, where)[0], { issuer: "main", from: AT_ONCE, at: AT_ONCE });
    const failedOnce = { ...forced, issuerTroubles: { main: failed(DUE) } };
    assert.equal(turns(failedOnce, where)[0]?.at, DUE + MINUTE, "but not in a loop");
    const next = { issuer: "dr", from: DUE - HOUR, at: DUE - HOUR };
    assert.deepEqual(turns(failedOnce, where)[1], next, "and the ladder goes on");
  });

  it("is taken by force no later than by others when it comes back", () => {
    const closed = (since: number): Closed => ({ kind: "closed", failures: 0, streak: 1, since });
    const from = (circuit: Circuit, reason?: Reason) => {
      const forced = state({ renewalAsked: true, force: true, issuerTroubles: { main: failed(DUE, reason) } });
      return askableFrom("main", forced, around(DUE + SECOND, { spec, circuits: { main: circuit } }));
    };
    assert.equal(from(open(DUE - HOUR)), DUE + MINUTE, "it is still away");
    assert.equal(from(halfOpen(DUE - HOUR, 1)), AT_ONCE);
    assert.equal(from({ ...halfOpen(DUE - HOUR, 1), trial: "other" }), DUE + MINUTE, "another one tries it");
    assert.equal(from(closed(DUE + SECOND)), AT_ONCE);
    assert.equal(from(closed(DUE - SECOND)), DUE + MINUTE, "it had come back before it failed");
    assert.equal(from(CLOSED), DUE + MINUTE, "it was never away");
    assert.equal(from(closed(DUE + SECOND), "role_missing"), DUE + MINUTE, "it was there, and said no");
  });
});

describe("when an issuer may be asked", () => {
  const spec = exampleService();
  const ask = (of: ServiceState, circuit: Circuit = CLOSED, now = DUE + MINUTE) =>
    askableFrom("main", of, around(now, { spec, circuits: { main: circuit } }));

  it("is now, unless it has failed: then at the retry", () => {
    assert.equal(ask(state()), AT_ONCE);
    assert.equal(ask(state({ issuerTroubles: { main: failed(DUE) } })), DUE + MINUTE);
  });

  it("is not while its circuit is open, whatever the service's own retry: at the next look, and not in a loop", () => {
    const now = DUE + MINUTE;
    const troubled = state({ issuerTroubles: { main: failed(DUE) } });
    assert.equal(ask(troubled, open(DUE, now + 20 * SECOND)), now + 20 * SECOND);
    assert.equal(ask(troubled, open(DUE)), now + SECOND, "the look is under way");
  });

  it("is now for the one service that tries a half open circuit, and later for the others", () => {
    assert.equal(ask(state({ issuerTroubles: { main: failed(DUE) } }), halfOpen(DUE, 1)), AT_ONCE);
    assert.equal(ask(state(), { ...halfOpen(DUE, 1), trial: "web" }), AT_ONCE);
    const refused = state({ issuerTroubles: { main: failed(DUE, "no_gain") } });
    assert.equal(ask(refused, halfOpen(DUE, 1)), DUE + MINUTE, "who is refused something has nothing to try");
    assert.equal(ask(state(), { ...halfOpen(DUE, 1), trial: "api" }), DUE + MINUTE + SECOND);
  });

  it("is spread after an outage: at most a minute, and a twentieth of what is left", () => {
    const back = DUE + HOUR;
    const closed: Closed = { kind: "closed", failures: 0, streak: 2, since: back };
    const spreads = Array.from({ length: 200 }, (_, index) => {
      const where = around(back, { spec: exampleService({ name: `s${index}` }), circuits: { main: closed } });
      return askableFrom("main", state(), where) - back;
    });
    assert.ok(Math.max(...spreads) < MINUTE && Math.min(...spreads) >= 0);
    assert.ok(Math.max(...spreads) > 50 * SECOND && Math.min(...spreads) < 10 * SECOND, "all over it");
    const soon = { ...pair, notAfter: back + 40 * SECOND };
    const urgent = ask(state({ current: soon }), closed) - back;
    assert.ok(urgent >= 0 && urgent < 2 * SECOND, `${urgent} ms of a life of 40 s`);
    assert.equal(
      ask(state({ current: { ...pair, notAfter: back } }), closed),
      back,
      "who has nothing waits for nobody",
    );
  });

  it("is not spread for those whose renewal came due later, nor delayed by the outage that is over", () => {
    const back = DUE - HOUR;
    const closed: Closed = { kind: "closed", failures: 0, streak: 2, since: back };
    assert.equal(ask(state(), closed), AT_ONCE);
    const after = DUE + HOUR;
    const recovered: Closed = { ...closed, since: after };
    const waiting = state({ issuerTroubles: { main: { ...failed(DUE), retryAt: after + 5 * MINUTE } } });
    assert.ok(ask(waiting, recovered) < after + MINUTE, "its retry was for an issuer that was away");
    const soon = state({ issuerTroubles: { main: { ...failed(DUE), retryAt: after } } });
    assert.ok(ask(soon, recovered) <= after);
    const denied = { ...failed(DUE, "permission_denied"), retryAt: after + 5 * MINUTE };
    assert.equal(ask(state({ issuerTroubles: { main: denied } }), recovered), denied.retryAt, "a refusal is not over");
    const since = { ...failed(after + MINUTE), retryAt: after + 5 * MINUTE };
    assert.equal(ask(state({ issuerTroubles: { main: since } }), recovered), since.retryAt, "it failed since");
  });
});

describe("the reserve", () => {
  const spec = service({ reserve: { issuer: exampleIssuer("main-reserve"), ttl: 72 * HOUR } });
  const problem = (changes: Partial<ServiceState>, circuits: Readonly<Record<string, Circuit>> = {}) =>
    reserveProblem(state({ reserve, ...changes }), around(DUE + 7 * HOUR, { spec, circuits }));
  const troubles = { issuerTroubles: { main: failed(DUE) } };

  it("takes over when three quarters of the renewal window are burnt, and in time for a reload", () => {
    assert.equal(reserveFrom(state()), DUE + 6 * HOUR);
    assert.equal(reserveFrom(state({ current: { ...pair, due: END - 2 * SECOND } })), END - SECOND);
    const { current: _, ...nothing } = state();
    assert.equal(reserveFrom(nothing), AT_ONCE);
  });

  it("takes over only when an issuer is gone, or the budget is spent", () => {
    assert.equal(problem({}), "issuers_answer");
    assert.equal(problem(troubles), undefined);
    assert.equal(problem({}, { main: open(DUE) }), undefined);
    assert.equal(problem({}, { dr: halfOpen(DUE, 1) }), undefined);
    const spent = {
      failures: 1,
      reason: "budget_exhausted",
      message: "",
      stage: "issue",
      since: DUE,
      at: DUE,
      retryAt: END,
    } as const;
    assert.equal(problem({ rotationTrouble: spent }), undefined);
    assert.equal(problem({ rotationTrouble: { ...spent, stage: "store", reason: "disk_full" } }), "issuers_answer");
  });

  it("cannot when it is not there, has ended, is in use already or lives no longer than the pair", () => {
    const none = service();
    assert.equal(reserveProblem(state(troubles), around(DUE, { spec: none })), "none_configured");
    assert.equal(reserveProblem(state(troubles), around(DUE, { spec })), "not_issued");
    assert.equal(problem({ ...troubles, reserve: { ...reserve, notAfter: DUE } }), "ended");
    assert.equal(problem({ ...troubles, current: reserve }), "in_use");
    assert.equal(problem({ ...troubles, reserve: { ...reserve, notAfter: END } }), "no_gain");
    const { current: _, ...nothing } = state({ ...troubles, reserve });
    assert.equal(reserveProblem(nothing, around(DUE, { spec })), undefined);
  });
});

describe("the ladder as an operator sees it", () => {
  const spec = service({
    failoverAfter: 5 * MINUTE,
    reserve: { issuer: exampleIssuer("main-reserve"), ttl: 72 * HOUR },
    atExpiry: { kind: "stop", steps: [], undo: [] },
  });

  it("in order: the pair, its issuer, the next one, the reserve, the end", () => {
    assert.deepEqual(rungs(state({ reserve }), around(START + HOUR, { spec })), [
      { kind: "keep", inUse: true, available: true },
      { kind: "issuer", name: "main", inUse: true, available: true, from: DUE },
      { kind: "issuer", name: "dr", inUse: false, available: true, why: "not_its_turn" },
      { kind: "reserve", inUse: false, available: true, why: "issuers_answer", from: DUE + 6 * HOUR },
      { kind: "expiry", name: "stop", inUse: false, available: true, from: END },
    ]);
  });

  it("in an outage: why the first one cannot help, and from when the others do", () => {
    const now = DUE + 3 * MINUTE;
    const circuits = { main: open(DUE, now + 20 * SECOND) };
    const troubled = state({ reserve, issuerTroubles: { main: failed(DUE) } });
    assert.deepEqual(rungs(troubled, around(now, { spec, circuits })).slice(1, 4), [
      { kind: "issuer", name: "main", inUse: true, available: false, why: "circuit_open", from: now + 20 * SECOND },
      { kind: "issuer", name: "dr", inUse: false, available: true, why: "not_its_turn", from: DUE + 5 * MINUTE },
      { kind: "reserve", inUse: false, available: true, from: DUE + 6 * HOUR },
    ]);
  });

  it("after a failover: the one that stood in goes first", () => {
    const circuits = { main: open(DUE) };
    const seen = rungs(state({ current: fromDr, reserve }), around(DUE, { spec, circuits }));
    assert.deepEqual(
      seen.map(({ name, inUse }) => [name, inUse]),
      [
        [undefined, true],
        ["dr", true],
        ["main", false],
        [undefined, false],
        ["stop", false],
      ],
    );
  });

  it("a refusal is why an issuer cannot help, and something that passes is not", () => {
    const seen = (reason: Reason) =>
      rungs(state({ issuerTroubles: { main: failed(DUE, reason) } }), around(DUE, { spec }))[1];
    assert.deepEqual([seen("role_missing")?.available, seen("role_missing")?.why], [false, "role_missing"]);
    assert.deepEqual([seen("timeout")?.available, seen("timeout")?.why], [true, "timeout"]);
  });

  it("that an issuer was away is past when it may be asked again", () => {
    const was = state({ issuerTroubles: { main: failed(DUE), dr: failed(DUE, "role_missing") } });
    const circuits = { main: halfOpen(DUE, 2) };
    const [, main, dr] = rungs(was, around(DUE + MINUTE, { spec, circuits }));
    assert.deepEqual([main?.available, main?.why], [true, undefined]);
    assert.deepEqual([dr?.available, dr?.why], [false, "role_missing"], "what was refused stays refused");
  });

  it("on the reserve, and with nothing at all", () => {
    const now = START + 30 * HOUR;
    const [keep, , , held] = rungs(state({ current: reserve, reserve }), around(now, { spec }));
    assert.deepEqual([keep?.inUse, held], [true, { ...held, inUse: true, available: false, why: "in_use" }]);
    const { current: _, ...none } = state();
    const empty = rungs(none, around(now, { spec }));
    assert.deepEqual(empty[0], { kind: "keep", inUse: false, available: false, why: "no_pair" });
    assert.deepEqual(empty[3], { kind: "reserve", inUse: false, available: false, why: "not_issued" });
    assert.deepEqual(rungs(state(), around(END, { spec }))[0]?.available, false);
  });
});
