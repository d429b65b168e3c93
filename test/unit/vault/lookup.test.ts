import assert from "node:assert/strict";
import test from "node:test";
import { singleFlight } from "../../../src/vault/lookup.ts";

test("a resolver that hangs gets one look-up per host, and its answer goes to all who wait; nothing is kept", () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const lookup = singleFlight((hostname, _options, callback) => {
    asked.push(hostname);
    answers.push(() => callback(null, `10.0.0.${asked.length}`, 4));
  });
  const got: unknown[] = [];
  const note = (_error: unknown, address: unknown) => got.push(address);
  for (const host of ["a", "a", "b", "a"]) lookup(host, { family: 0 }, note);
  assert.deepEqual(asked, ["a", "b"]);
  answers[0]?.();
  assert.deepEqual(got, ["10.0.0.2", "10.0.0.2", "10.0.0.2"]);
  lookup("a", { family: 0 }, note);
  assert.deepEqual(asked, ["a", "b", "a"]);
});
