import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Interruption } from "../../../src/rotation/interruption.ts";

test("an interruption ends what is being done, and not what comes after it", () => {
  const stop = new AbortController();
  const interruption = new Interruption(stop.signal);
  const { signal: first } = interruption;
  interruption.raise();
  const { signal: second } = interruption;
  assert.deepEqual([first.aborted, second.aborted, stop.signal.aborted], [true, false, false]);
  assert.equal(getEventListeners(stop.signal, "abort").length, 1);
});

test("the end comes for good, after however many interruptions", () => {
  const stop = new AbortController();
  const interruption = new Interruption(stop.signal);
  interruption.raise();
  const { signal } = interruption;
  stop.abort();
  interruption.raise();
  assert.deepEqual([signal.aborted, interruption.signal.aborted], [true, true]);
  assert.equal(new Interruption(stop.signal).signal.aborted, true);
});
