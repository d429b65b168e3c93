import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { follow } from "../../../src/domain/abort.ts";

test("who follows a signal aborts with it, for the same reason", () => {
  const stop = new AbortController();
  const before = follow(stop.signal);
  const reason = new Error("the end");
  stop.abort(reason);
  assert.equal(before.signal.reason, reason);
  assert.equal(follow(stop.signal).signal.reason, reason);
});

test("who follows a signal aborts alone, and leaves nothing behind at the signal when it is disposed of", () => {
  const stop = new AbortController();
  {
    using done = follow(stop.signal);
    assert.equal(getEventListeners(stop.signal, "abort").length, 1);
    done.abort();
  }
  assert.equal(stop.signal.aborted, false);
  assert.equal(getEventListeners(stop.signal, "abort").length, 0);
});
