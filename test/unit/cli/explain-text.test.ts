import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderExplanation } from "../../../src/cli/explain/text.ts";
import type { Circuit } from "../../../src/domain/circuit.ts";
import type { ClusterStatus } from "../../../src/domain/cluster-status.ts";
import type { ServiceEvent } from "../../../src/domain/events.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import { explainService, type Facts, withClusters } from "../../../src/domain/explain.ts";
import { INITIAL_STATE, type ServiceState } from "../../../src/domain/state.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { around, exampleIssuer, exampleService } from "../../support/circumstances.ts";
import { EVENTS, LEAF } from "../../support/events.ts";
import { NOW } from "../../support/status.ts";

const SPEC = exampleService({
  name: "payments",
  issuers: [exampleIssuer("main"), exampleIssuer("dr")],
  outage: {
    failoverAfter: 5 * MINUTE,
    reserve: { issuer: exampleIssuer("main-reserve"), ttl: 3 * HOUR },
    atExpiry: { kind: "stop", steps: [], undo: [] },
  },
});

const factsAt = (now: number): Facts => ({
  around: around(now, { spec: SPEC }),
  windowOpensAt: (from) => from,
  seed: "",
  skew: 0,
  issued: [],
});

function told(state: ServiceState, now: number, changes: Partial<Facts> = {}) {
  return renderExplanation(explainService(state, { ...factsAt(now), ...changes }));
}

const after = (...events: readonly ServiceEvent[]) => events.reduce(evolve, INITIAL_STATE);
const HELD = { ...LEAF, serial: "9c", rung: "reserve", due: NOW + 2 * HOUR, notAfter: NOW + 3 * HOUR } as const;
const RETRYING = after(
  { ...EVENTS.recovered, reloadOwed: false },
  { ...EVENTS.reserved, leaf: HELD },
  { ...EVENTS.rotation_failed, at: LEAF.due, retryAt: LEAF.due + MINUTE },
);
const OPEN: Circuit = {
  kind: "open",
  since: LEAF.due,
  reason: "sealed",
  trips: 0,
  probeAt: LEAF.due + 8 * SECOND,
};

describe("the explanation of a service", () => {
  it("in the middle of an outage: why, what to do, what is next, how long it holds", () => {
    const circumstances = around(LEAF.due + SECOND, { spec: SPEC, circuits: { main: OPEN } });
    const text = told(RETRYING, LEAF.due, { around: circumstances, issued: [NOW] });
    assert.equal(
      text,
      `payments: retrying: a good pair is on disk; the last attempt to replace it failed, or there is nobody to ask

  certificate  3f2a91b07c44d5e6 of main (primary), 2026-01-01T12:00:00Z to 2026-01-01T13:00:00Z, ends in 19m 59s
  renewal      due now; 0 % of the time from there to the end is used up
               because that was planned when it was issued, by another configuration, clock or lease than now
  dependents   told
  failing      rotation (issue): sealed: Vault is sealed
               2 times in a row since 2026-01-01T12:40:00Z, last 1s ago, again as soon as an issuer answers
               to do: Unseal it.
               see docs/operations.md#sealed
  issuers      issuer main: away for 1s (sealed); its health is looked at in 7s
               dr, main-reserve: nothing stands against asking
  budget       1 of 6 certificates within the last hour
  reserve      9c is held, renewed in 1h 19m (2026-01-01T14:00:00Z), ends in 2h 19m (2026-01-01T15:00:00Z)
  next         ask for a certificate as soon as an issuer answers; looked at again in 7s (2026-01-01T12:40:08Z)

ladder of payments:
  1 keep the pair    in use
  2 issuer main      in use, away: only its health is asked for, from 2026-01-01T12:40:08Z (in 7s)
  3 issuer dr        available, waits for its turn, from 2026-01-01T12:45:00Z (in 4m 59s)
  4 reserve          available, from 2026-01-01T12:55:00Z (in 14m 59s)
  5 at expiry: stop  from 2026-01-01T13:00:00Z (in 19m 59s)

If no issuer answered from now on, while disk and dependents do as they are told:
  2026-01-01T12:40:01Z  now         keeps the pair that is there, which serves until 2026-01-01T13:00:00Z
  2026-01-01T12:45:00Z  in 4m 59s   asks issuer dr (renewal_due), and again for as long as its circuit is closed
  2026-01-01T12:45:01Z  in 5m       takes issuer dr for away: from here on only its health is asked for
  2026-01-01T12:55:00Z  in 14m 59s  publishes the reserve, which serves until 2026-01-01T15:00:00Z
  2026-01-01T12:55:01Z  in 15m      takes issuer main-reserve for away: from here on only its health is asked for
  2026-01-01T15:00:00Z  in 2h 19m   the pair ends, and there is no other; at expiry: stop
  So it serves a valid certificate until 2026-01-01T15:00:00Z: for 2h 19m.
`,
    );
  });

  it("says what is known to stand against an issuer that nobody has asked yet", () => {
    const known = { name: "default", address: "https://vault:8200" };
    const issuers = (clusters: readonly ClusterStatus[], state = RETRYING) => {
      const explained = withClusters(explainService(state, factsAt(NOW)), clusters);
      return /^ {2}issuers +(.*)$/m.exec(explained === undefined ? "" : renderExplanation(explained))?.[1];
    };
    const all = "main, dr, main-reserve";
    const fine = after({ ...EVENTS.recovered, reloadOwed: false });
    assert.equal(issuers([{ ...known, up: true }], fine), `${all}: nothing stands against asking`);
    assert.equal(
      issuers([{ ...known, up: false, reason: "sealed" }], fine),
      `${all}: cluster default is down (sealed)`,
    );
    const login = { reason: "login_denied", since: NOW - HOUR, retryAt: NOW } as const;
    const denied = `${all}: cluster default lets nobody in (login_denied) since 2026-01-01T11:00:00Z`;
    assert.equal(issuers([{ ...known, up: true, login }], fine), denied);
    const tokenExpires = NOW + HOUR;
    assert.equal(issuers([{ ...known, up: true, login, tokenExpires }], fine), `${all}: nothing stands against asking`);
    const refused = after(
      { ...EVENTS.recovered, reloadOwed: false },
      { ...EVENTS.rotation_failed, reason: "role_missing" },
    );
    assert.equal(issuers([], refused), "main: said no the last time (role_missing)");
  });

  it("does not promise a request before renewal is due", () => {
    const fine = after({ ...EVENTS.recovered, reloadOwed: false }, { ...EVENTS.reserved, leaf: HELD });
    const text = told(fine, NOW, { around: around(NOW, { spec: SPEC, circuits: { main: OPEN, dr: OPEN } }) });
    assert.match(
      text,
      /^ {2}next +ask for a certificate when renewal is due and an issuer answers; not before 2026-01-01T12:40:00Z/m,
    );
    assert.match(text, /see docs\/operations\.md#sealed/);
  });

  it("without a pair: there is nothing to keep", () => {
    const text = told(after(EVENTS.nothing_usable), NOW);
    assert.match(
      text,
      /^payments: missing: there is no usable pair\n\n {2}certificate {2}none\n {2}dependents {3}nothing/,
    );
    assert.match(text, /there is no valid pair to keep\n/);
    assert.match(text, /\n {2}So it serves no valid certificate until an issuer answers\.\n$/);
  });

  it("says when a pause ends, and the budget opens", () => {
    const state = after({ ...EVENTS.recovered, reloadOwed: false }, { ...EVENTS.paused, until: LEAF.due + MINUTE });
    const issued = [0, 1, 2, 3, 4, 5].map((minutes) => NOW - minutes * MINUTE).toReversed();
    const text = told(state, NOW + SECOND, { issued });
    assert.match(text, /^ {2}paused +until in 40m 59s \(2026-01-01T12:41:00Z\)$/m);
    assert.match(
      text,
      /^ {2}budget +6 of 6 certificates within the last hour: spent, the next one may be asked for in 54m/m,
    );
    assert.match(text, /the pause is over: what came due meanwhile is done/);
  });

  it("lets no message steer the terminal", () => {
    const message = "\u001b[2J\u202eevil";
    const text = told(after(EVENTS.recovered, { ...EVENTS.rotation_failed, message }), NOW);
    assert.doesNotMatch(text, /[\u001b\u202e]/);
    assert.match(text, /evil/);
  });
});
