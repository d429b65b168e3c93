import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { RotationEvent } from "../../../src/domain/events.ts";
import { MINUTE, type Millis, SECOND } from "../../../src/domain/units.ts";
import { createSampling } from "../../../src/observe/log-sampling.ts";
import { ALL_EVENTS, EVENTS } from "../../support/events.ts";

/** Which of these events are written, by their place, and how many were left out before each. */
function written(events: readonly RotationEvent[]): readonly (readonly [place: number, leftOut: number])[] {
  const sample = createSampling();
  return events.flatMap((event, place) => {
    const leftOut = sample(event);
    return leftOut === undefined ? [] : [[place, leftOut] as const];
  });
}

/** The event again and again, so far apart. */
function again(event: RotationEvent, times: number, apart: Millis = SECOND): readonly RotationEvent[] {
  return Array.from({ length: times }, (_, index) => ({ ...event, at: event.at + index * apart }));
}

const { rotation_failed: failed } = EVENTS;

suite("a failure that goes on", () => {
  test("is written ever more rarely, and says how many lines were left out", () => {
    assert.deepEqual(written(again(failed, 20)), [
      [0, 0],
      [1, 0],
      [3, 1],
      [7, 3],
      [15, 7],
    ]);
  });

  test("is never silent for longer than a quarter of an hour", () => {
    const places = written(again(failed, 100, 5 * MINUTE)).map(([place]) => place);
    assert.deepEqual(places.slice(0, 8), [0, 1, 3, 6, 7, 10, 13, 15]);
    assert.ok(places.every((place, index) => place - (places[index - 1] ?? 0) <= 3));
  });

  test("is a first one when it fails in another way, which says what was left out of the one before", () => {
    const other = { ...failed, reason: "timeout" } as const;
    assert.deepEqual(written([...again(failed, 7), other, other, failed]).slice(3), [
      [7, 3],
      [8, 0],
      [9, 0],
    ]);
    assert.equal(written([failed, failed, failed, { ...failed, stage: "verify" }]).at(-1)?.[0], 3);
  });

  test("is told apart by service, by issuer and by whom a reload tells", () => {
    const apart = [
      [failed, { ...failed, service: "web" }, { ...failed, issuer: "dr" }],
      [EVENTS.reload_failed, { ...EVENTS.reload_failed, target: "pid 8" }],
      [EVENTS.login_failed, { ...EVENTS.login_failed, cluster: "dr" }],
      [EVENTS.warning, { ...EVENTS.warning, message: "another" }],
    ];
    for (const events of apart) {
      const rounds = Array.from({ length: 4 }, () => events).flat();
      assert.equal(written(rounds).length, events.length * 3, events[0]?.kind);
    }
  });
});

suite("a recovery", () => {
  const { reload_failed, proof_failed, reserve_failed, expiry_failed, revoke_failed, login_failed } = EVENTS;
  const cases: readonly (readonly [failure: RotationEvent, success: RotationEvent])[] = [
    [failed, EVENTS.published],
    [expiry_failed, EVENTS.published],
    [reload_failed, EVENTS.reloaded],
    [reload_failed, EVENTS.delivered],
    [proof_failed, EVENTS.confirmed],
    [proof_failed, EVENTS.still_live],
    [reserve_failed, EVENTS.reserved],
    [revoke_failed, EVENTS.revoked],
    [login_failed, EVENTS.logged_in],
    [failed, EVENTS.service_removed],
  ];
  for (const [failure, success] of cases)
    test(`by ${success.kind} says what was left out, and makes the next ${failure.kind} a first one`, () => {
      assert.deepEqual(written([...again(failure, 6), success, failure, success]).slice(3), [
        [6, 2],
        [7, 0],
        [8, 0],
      ]);
    });

  test("of one thing ends no failure of another", () => {
    const others = [EVENTS.reloaded, { ...EVENTS.published, service: "web" }, EVENTS.logged_in];
    for (const other of others) assert.equal(written([failed, failed, other, failed]).length, 3, other.kind);
    const { target } = reload_failed;
    const longer = { ...EVENTS.reloaded, target: `${target}7` };
    assert.equal(written([reload_failed, reload_failed, longer, reload_failed]).length, 3);
  });
});

test("what is no failure of a try is written each time, the end of a certificate first of all", () => {
  const sampled = new Set<string>([
    "rotation_failed",
    "reload_failed",
    "proof_failed",
    "reserve_failed",
    "expiry_failed",
    "revoke_failed",
    "login_failed",
    "warning",
  ]);
  for (const event of ALL_EVENTS)
    assert.equal(written([event, event, event]).length, sampled.has(event.kind) ? 2 : 3, event.kind);
});

test("what is remembered has a bound: warnings of ever new words", () => {
  const flood = Array.from({ length: 150 }, (_, index) => ({ ...EVENTS.warning, message: String(index) }));
  const first = { ...EVENTS.warning, message: "0" };
  assert.equal(written([first, first, first]).length, 2);
  assert.equal(written([first, first, ...flood.slice(1), first]).length, 2 + flood.length, "it was forgotten");
});
