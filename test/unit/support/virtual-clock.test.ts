import assert from "node:assert/strict";
import test from "node:test";
import { VirtualClock } from "../../support/virtual-clock.ts";

test("sleepers wake in the order in which they are due, each at its own time", async () => {
  const clock = new VirtualClock(0);
  const woken: [string, number][] = [];
  const sleeper = async (name: string, duration: number) => {
    await clock.sleep(duration);
    woken.push([name, clock.now()]);
  };
  const all = [sleeper("late", 300), sleeper("early", 100), sleeper("early too", 100)];
  await clock.advance(299);
  assert.deepEqual(woken, [
    ["early", 100],
    ["early too", 100],
  ]);
  await clock.advance(1);
  await Promise.all(all);
  assert.deepEqual(woken.at(-1), ["late", 300]);
  assert.equal(clock.sleeping, 0);
});

test("those who go back to sleep on the way take part", async () => {
  const clock = new VirtualClock(0);
  const ticks: number[] = [];
  const loop = async () => {
    for (;;) {
      await clock.sleep(10);
      ticks.push(clock.monotonic());
      if (ticks.length === 5) return;
    }
  };
  const running = loop();
  await clock.advance(35);
  assert.deepEqual(ticks, [10, 20, 30]);
  assert.equal(clock.untilNext, 5);
  await clock.advanceUntil(() => ticks.length === 5, 100);
  await running;
  assert.equal(clock.monotonic(), 50);
});

test("an abort ends a sleep at once, with the signal's reason", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const sleep = clock.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(sleep, { message: "enough" });
  await assert.rejects(clock.sleep(1000, controller.signal), { message: "enough" });
  assert.equal(clock.sleeping, 0);
});

test("setting the wall clock wakes nobody and leaves the monotonic clock alone", async () => {
  const clock = new VirtualClock(0);
  let isAwake = false;
  const sleep = clock.sleep(100).then(() => (isAwake = true));
  clock.jump(3_600_000);
  await clock.settle();
  assert.deepEqual([isAwake, clock.now(), clock.monotonic()], [false, 3_600_000, 0]);
  await clock.advance(100);
  await sleep;
  assert.equal(clock.now(), 3_600_100);
});

test("waiting for what never comes is an error, not a hang", async () => {
  const clock = new VirtualClock();
  await assert.rejects(
    clock.advanceUntil(() => false, 1000),
    { message: /nobody sleeps/ },
  );
  void clock.sleep(2000);
  await assert.rejects(
    clock.advanceUntil(() => false, 1000),
    { message: /after 1000 virtual ms/ },
  );
});
