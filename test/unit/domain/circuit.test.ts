import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  admits,
  afterProbe,
  afterRequest,
  type Circuit,
  CLOSED,
  isAway,
  looksWell,
  mayReturn,
  probeDelay,
  withoutFuture,
} from "../../../src/domain/circuit.ts";
import { REASONS, type Reason } from "../../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";

const NOW = Date.UTC(2026, 0, 1);
const WHEN = { at: NOW, probeAt: NOW + 2 * SECOND };
const LATER = { at: NOW + MINUTE, probeAt: NOW + 2 * MINUTE };

const away = (reason: Reason = "sealed") => ({ kind: "away", reason }) as const;
const ok = { kind: "ok" } as const;
const refused = { kind: "refused" } as const;

/** The circuit after these outages in a row. */
const afterOutages = (count: number, circuit: Circuit = CLOSED): Circuit =>
  Array.from({ length: count }, () => away()).reduce<Circuit>(
    (is, outcome) => afterRequest(is, outcome, WHEN),
    circuit,
  );

const OPEN = afterOutages(3);
const HALF_OPEN = afterProbe(OPEN, undefined, NOW + 4 * SECOND);

describe("the circuit of an issuer", () => {
  it("opens after three outages in a row, since then and for the last reason", () => {
    assert.equal(afterOutages(2).kind, "closed");
    assert.deepEqual(OPEN, { kind: "open", since: NOW, reason: "sealed", trips: 0, probeAt: NOW + 2 * SECOND });
  });

  it("counts outages in a row only", () => {
    for (const outcome of [ok, refused]) {
      const again = afterRequest(afterOutages(2), outcome, WHEN);
      assert.equal(afterOutages(2, again).kind, "closed");
      assert.equal(afterOutages(3, again).kind, "open");
    }
  });

  it("is never opened by what an issuer says about a request", () => {
    let circuit: Circuit = CLOSED;
    for (let i = 0; i < 100; i++) circuit = afterRequest(circuit, refused, WHEN);
    assert.equal(circuit.kind, "closed");
  });

  it("calls the issuer away for what reaching it met, and for nothing that it said", () => {
    const reached: readonly Reason[] = [
      "dns",
      "connect",
      "tls",
      "timeout",
      "bad_response",
      "sealed",
      "overloaded",
      "standby",
      "uninitialised",
      "server_error",
    ];
    assert.deepEqual(REASONS.filter(isAway).toSorted(), reached.toSorted());
  });

  it("is half open by a good look at the health, and open again by a bad one", () => {
    assert.deepEqual(HALF_OPEN, { ...OPEN, kind: "half_open", probeAt: NOW + 4 * SECOND, streak: 1 });
    const twice = afterProbe(HALF_OPEN, undefined, NOW + 6 * SECOND);
    assert.deepEqual([twice.kind, twice.kind === "half_open" && twice.streak], ["half_open", 2]);
    const bad = afterProbe(twice, "standby", NOW + 8 * SECOND);
    assert.deepEqual(bad, { kind: "open", since: NOW, reason: "standby", trips: 0, probeAt: NOW + 8 * SECOND });
  });

  it("lets nobody through while it is open, and one service while it is half open", () => {
    assert.equal(admits(CLOSED, "web"), true);
    assert.equal(admits(OPEN, "web"), false);
    assert.equal(admits(HALF_OPEN, "web"), true);
    assert.ok(HALF_OPEN.kind === "half_open");
    const tried: Circuit = { ...HALF_OPEN, trial: "web" };
    assert.deepEqual([admits(tried, "web"), admits(tried, "api")], [true, false]);
    const looked = afterProbe(tried, undefined, NOW);
    assert.deepEqual(
      [admits(looked, "web"), admits(looked, "api")],
      [true, false],
      "another look lets no second one in",
    );
  });

  it("closes when the issuer answers, be it with a refusal", () => {
    for (const outcome of [ok, refused]) {
      const closed = afterRequest(HALF_OPEN, outcome, LATER);
      assert.deepEqual([closed.kind, closed.kind === "closed" && closed.since], ["closed", LATER.at]);
      assert.equal(afterRequest(OPEN, outcome, LATER).kind, "closed", "asked by force, or before it opened");
    }
  });

  it("opens again when the one that tried it fails: away since the beginning, one trip more", () => {
    const failed = afterRequest(HALF_OPEN, away("server_error"), LATER);
    const { at: _, ...others } = LATER;
    assert.deepEqual(failed, { kind: "open", since: NOW, reason: "server_error", trips: 1, ...others });
    const again = afterRequest(afterProbe(failed, undefined, NOW), away(), LATER);
    assert.equal(again.kind === "open" && again.trips, 2);
  });

  it("is not opened anew by an answer that comes late", () => {
    assert.deepEqual(afterRequest(OPEN, away("timeout"), LATER), { ...OPEN, reason: "timeout" });
  });
});

describe("the way back to an issuer", () => {
  it("is free when nothing bad is known of it: at the start, and after a restart", () => {
    assert.equal(mayReturn(CLOSED), true);
  });

  it("takes two successes in a row after a failure, and a good look at its health is one", () => {
    const once = afterOutages(1);
    assert.equal(mayReturn(once), false);
    assert.equal(mayReturn(afterProbe(once, undefined, NOW)), false);
    assert.equal(mayReturn(afterProbe(afterProbe(once, undefined, NOW), undefined, NOW)), true);
    assert.equal(mayReturn(afterRequest(afterProbe(once, undefined, NOW), ok, WHEN)), true);
    const broken = [undefined, "sealed", undefined] as const;
    assert.equal(mayReturn(broken.reduce<Circuit>((is, reason) => afterProbe(is, reason, NOW), once)), false);
  });

  it("is closed while it is open, and free when it has been half open for two looks", () => {
    assert.equal(mayReturn(OPEN), false);
    assert.equal(mayReturn(HALF_OPEN), false);
    assert.equal(mayReturn(afterProbe(HALF_OPEN, undefined, NOW)), true);
    assert.equal(mayReturn(afterRequest(HALF_OPEN, ok, WHEN)), true, "one look and one certificate");
    assert.equal(mayReturn(afterRequest(HALF_OPEN, refused, WHEN)), false);
  });

  it("leaves the count of outages to requests: a good health closes nothing that was dead", () => {
    const looked = afterProbe(afterProbe(afterOutages(2), undefined, NOW), undefined, NOW);
    assert.equal(looked.kind, "closed");
    assert.equal(afterRequest(looked, away(), WHEN).kind, "open");
  });
});

describe("a clock that was set back", () => {
  const ahead = { at: NOW + DAY, probeAt: NOW + DAY };

  it("leaves nothing of a circuit in the future", () => {
    const open = afterRequest(afterRequest(afterOutages(1), away(), ahead), away(), ahead);
    const closed = afterRequest(open, { kind: "ok" }, ahead);
    assert.deepEqual([open.kind, closed.kind], ["open", "closed"]);
    assert.deepEqual(withoutFuture(open, NOW), { ...open, since: NOW, probeAt: NOW });
    assert.deepEqual(withoutFuture(closed, NOW), { ...closed, since: NOW });
  });

  it("leaves what is past as it was", () => {
    const open = afterRequest(afterRequest(afterOutages(1), away(), WHEN), away(), WHEN);
    assert.equal(open.kind, "open");
    assert.deepEqual(withoutFuture(open, ahead.at), open);
  });

  it("changes nothing of one that never was away", () => {
    assert.deepEqual(withoutFuture(CLOSED, NOW), CLOSED);
  });
});

describe("the wait until the next look", () => {
  it("is a two hundredth of the most urgent life, from 2 s to 30 s", () => {
    const waits = [0, MINUTE, HOUR, DAY].map((remaining) => probeDelay(remaining, 0));
    assert.deepEqual(waits, [2 * SECOND, 2 * SECOND, 18 * SECOND, 30 * SECOND]);
    assert.equal(probeDelay(Number.POSITIVE_INFINITY, 0), 30 * SECOND, "nobody uses it");
  });

  it("doubles with each trip, up to 5 % of that life and to 5 min", () => {
    const trips = [0, 1, 2, 3, 4, 5];
    assert.deepEqual(
      trips.map((count) => probeDelay(HOUR, count) / SECOND),
      [18, 36, 72, 144, 180, 180],
    );
    assert.deepEqual([probeDelay(30 * DAY, 3), probeDelay(30 * DAY, 4)], [4 * MINUTE, 5 * MINUTE]);
    assert.equal(probeDelay(30 * DAY, 5000), 5 * MINUTE);
    assert.equal(probeDelay(10 * SECOND, 10), 2 * SECOND, "never less than without a trip");
    assert.deepEqual([probeDelay(0, 1), probeDelay(0, 10)], [4 * SECOND, 30 * SECOND], "without a valid pair");
    assert.equal(probeDelay(1, 10), 2 * SECOND, "with one, however little is left of it");
  });
});

it("an issuer that nobody needs is back when its health was good twice, for whoever looks on", () => {
  const twice = afterProbe(HALF_OPEN, undefined, NOW + 6 * SECOND);
  assert.ok(twice.kind === "half_open");
  assert.deepEqual([looksWell(OPEN), looksWell(HALF_OPEN), looksWell(twice)], [false, false, true]);
  assert.equal(looksWell({ ...twice, trial: "web" }), false, "the one who tries it will tell");
  assert.equal(looksWell(afterProbe(twice, "sealed", NOW + 8 * SECOND)), false);
  assert.equal(looksWell(CLOSED), false);
});
