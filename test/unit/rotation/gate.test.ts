import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Gate } from "../../../src/rotation/gate.ts";

const never = new AbortController().signal;

function worker(gate: Gate, order: number[]) {
  const finish = new Map<number, () => void>();
  const enter = (urgency: number, signal = never) =>
    gate.pass(
      urgency,
      () => {
        order.push(urgency);
        return new Promise<void>((resolve) => void finish.set(urgency, resolve));
      },
      signal,
    );
  return { enter, finish };
}

test("no more than the places allow are inside, and the most urgent is next", async () => {
  const order: number[] = [];
  const { enter, finish } = worker(new Gate(2), order);
  for (const urgency of [5, 4, 3, 9, 1]) void enter(urgency);
  await turn();
  assert.deepEqual(order, [5, 4]);
  finish.get(5)?.();
  await turn();
  finish.get(1)?.();
  await turn();
  assert.deepEqual(order, [5, 4, 1, 3]);
});

test("work that fails gives its place back", async () => {
  const gate = new Gate(1);
  await assert.rejects(
    gate.pass(1, () => Promise.reject(new Error("no")), never),
    /no/,
  );
  assert.equal(await gate.pass(1, () => Promise.resolve("in"), never), "in");
});

test("who gives up waiting leaves the queue and takes no place", async () => {
  const order: number[] = [];
  const { enter, finish } = worker(new Gate(1), order);
  const stop = new AbortController();
  void enter(1);
  const gone = enter(2, stop.signal);
  void enter(3);
  stop.abort(new Error("stopped"));
  await assert.rejects(gone, /stopped/);
  await turn();
  finish.get(1)?.();
  await turn();
  assert.deepEqual(order, [1, 3]);
});
