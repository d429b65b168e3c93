import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, SECOND } from "../../../src/domain/units.ts";
import { Agenda } from "../../../src/rotation/agenda.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function running() {
  const clock = new VirtualClock();
  const agenda = new Agenda(clock);
  const stop = new AbortController();
  const done = agenda.run(stop.signal);
  const woken: string[] = [];
  const wait = (key: string, inMs: number) =>
    void agenda.wait(key, clock.now() + inMs, stop.signal).then(() => woken.push(key));
  return { clock, agenda, stop, done, woken, wait };
}

test("each waits for its own time, in the order of the times", async () => {
  const { clock, woken, wait } = running();
  wait("late", 50 * SECOND);
  wait("soon", 10 * SECOND);
  wait("latest", 2 * HOUR);
  await clock.advance(9 * SECOND);
  assert.deepEqual(woken, []);
  await clock.advance(SECOND);
  assert.deepEqual(woken, ["soon"]);
  await clock.advance(40 * SECOND);
  assert.deepEqual(woken, ["soon", "late"]);
});

test("a wake-up ends one wait before its time and leaves the others", async () => {
  const { clock, agenda, woken, wait } = running();
  wait("a", HOUR);
  wait("b", HOUR);
  agenda.wake("b");
  agenda.wake("nobody");
  await clock.settle();
  assert.deepEqual(woken, ["b"]);
});

test("a wall clock that is set forward is noticed within 30 s", async () => {
  const { clock, woken, wait } = running();
  wait("a", 24 * HOUR);
  await clock.settle();
  clock.jump(24 * HOUR);
  await clock.advance(30 * SECOND);
  assert.deepEqual(woken, ["a"]);
});

test("a wall clock that is set back keeps nobody longer than asked", async () => {
  const { clock, woken, wait } = running();
  wait("a", 20 * SECOND);
  await clock.settle();
  clock.jump(-2 * HOUR);
  await clock.advance(20 * SECOND);
  assert.deepEqual(woken, ["a"]);
});

test("an end releases everybody, and the tick shows that the agenda is alive until then", async () => {
  const { clock, agenda, stop, done, woken, wait } = running();
  wait("a", HOUR);
  await clock.advance(90 * SECOND);
  assert.equal(agenda.lastTick, 90 * SECOND);
  stop.abort();
  await done;
  assert.deepEqual(woken, ["a"]);
});

test("how late it woke is known for a minute, and not for longer than two", async () => {
  const { clock, agenda } = running();
  await clock.advance(10 * SECOND);
  assert.deepEqual(agenda.status(), { lastTick: clock.now() - 10 * SECOND, schedulerLag: 0 });
  // The process is stopped: 25 s pass, and the timer that was due after 20 s fires only now.
  clock.stall(25 * SECOND);
  await clock.advance(0);
  assert.deepEqual(agenda.status(), { lastTick: clock.now(), schedulerLag: 5 * SECOND });
  await clock.advance(60 * SECOND);
  assert.equal(agenda.status().schedulerLag, 5 * SECOND);
  await clock.advance(120 * SECOND);
  assert.equal(agenda.status().schedulerLag, 0);
});
