import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { afterProbe, afterRequest, type Circuit } from "../../../src/domain/circuit.ts";
import { askableFrom, reserveFrom, reserveProblem, turns } from "../../../src/domain/ladder.ts";
import { INITIAL_STATE, type ServiceState } from "../../../src/domain/state.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { around, exampleIssuer, exampleService } from "../../support/circumstances.ts";
import { LEAF } from "../../support/events.ts";

/* The ladder and the circuit at their limits: at the very moment at which something ends, and where nothing is there. */

const START = Date.UTC(2026, 0, 1);
const DUE = START + 16 * HOUR;
const END = START + 24 * HOUR;
const pair = { ...LEAF, notBefore: START, receivedAt: START, due: DUE, notAfter: END };

const state = (changes: Partial<ServiceState> = {}): ServiceState => ({
  ...INITIAL_STATE,
  recovered: true,
  current: pair,
  ...changes,
});

const sealed = (at: number) => ({ failures: 1, reason: "sealed", since: at, at, retryAt: at + 5 * MINUTE }) as const;

describe("when the next issuer is asked", () => {
  const spec = exampleService({
    issuers: [exampleIssuer("main"), exampleIssuer("dr")],
    outage: { atExpiry: { kind: "keep" }, failoverAfter: HOUR },
  });
  const from = (of: ServiceState, now: number) => turns(of, around(now, { spec }))[1]?.from;

  it("a pair that ends this moment has ended", () => {
    const failed = state({ issuerTroubles: { main: sealed(END - MINUTE) } });
    assert.equal(from(failed, END), END - MINUTE);
    assert.equal(from(failed, END - 1), END + 59 * MINUTE);
  });

  it("a renewal that comes due before the turn of a replacement counts", () => {
    const late = state({
      issuerTroubles: { main: sealed(START) },
      outdated: "trust_changed",
      replaceAt: DUE + 2 * HOUR,
    });
    assert.equal(from(late, DUE), DUE);
  });
});

describe("when an issuer that was away is asked again", () => {
  const BACK = DUE + HOUR;
  const ask = (of: ServiceState, { since = BACK, service = "web" } = {}) => {
    const circuits: Readonly<Record<string, Circuit>> = {
      main: { kind: "closed", failures: 0, streak: 2, since },
    };
    return askableFrom("main", of, around(BACK, { spec: exampleService({ name: service }), circuits }));
  };
  const { current: _, ...bare } = state();

  it("a service without a pair waits for nobody, whether it has failed or not", () => {
    assert.equal(ask(bare), Number.NEGATIVE_INFINITY);
    assert.equal(ask({ ...bare, issuerTroubles: { main: sealed(BACK - MINUTE) } }), BACK);
  });

  it("nor does one whose pair has ended long ago", () => {
    assert.equal(ask(state({ current: { ...pair, notAfter: BACK - 10 * MINUTE } })), BACK);
  });

  it("a renewal that came due this moment waits with those that came due before", () => {
    assert.ok(ask(state(), { since: DUE }) > DUE);
  });

  it("a failure of this moment was of the outage", () => {
    assert.ok(ask(state({ issuerTroubles: { main: sealed(BACK) } })) < BACK + MINUTE);
  });

  it("the spread takes a twentieth of the life that is left, where that is short", () => {
    const short = state({ current: { ...pair, notAfter: BACK + 40 * SECOND } });
    const spreads = Array.from({ length: 200 }, (__, index) => ask(short, { service: `s${index}` }) - BACK);
    assert.ok(Math.max(...spreads) > 1.8 * SECOND, `${Math.max(...spreads)} ms of a life of 40 s`);
  });
});

describe("the reserve", () => {
  it("that ends this moment has ended", () => {
    const spec = exampleService({
      outage: { atExpiry: { kind: "keep" }, reserve: { issuer: exampleIssuer("spare"), ttl: 72 * HOUR } },
    });
    const held = state({ reserve: { ...pair, serial: "0e" }, issuerTroubles: { main: sealed(DUE) } });
    assert.equal(reserveProblem(held, around(END, { spec })), "ended");
  });

  it("leaves a second to reload, however short the window is", () => {
    assert.equal(reserveFrom(state({ current: { ...pair, due: END - 8 * SECOND } })), END - 2 * SECOND);
    assert.equal(reserveFrom(state({ current: { ...pair, due: END - SECOND } })), END - SECOND);
  });
});

describe("a circuit", () => {
  const OPEN: Circuit = { kind: "open", since: START, reason: "sealed", trips: 1, probeAt: START + SECOND };

  it("that closes without having been half open counts from nothing", () => {
    const closed = afterRequest(OPEN, { kind: "ok" }, { at: DUE, probeAt: DUE + SECOND });
    assert.deepEqual(closed, { kind: "closed", failures: 0, streak: 1, since: DUE });
  });

  it("keeps who tries it, when its health is looked at again", () => {
    const half: Circuit = { ...OPEN, kind: "half_open", streak: 1, trial: "web" };
    assert.deepEqual(afterProbe(half, undefined, DUE), { ...half, streak: 2, probeAt: DUE });
  });
});
