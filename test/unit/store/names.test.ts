import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { generationName, generationTime } from "../../../src/store/names.ts";

const anyTime = fc.integer({ min: 0, max: Date.UTC(9999, 0) });

test("a generation's name says when it was made", () => {
  assert.match(
    generationName(Date.UTC(2026, 10, 23, 17, 59, 44, 123), undefined),
    /^\.\.gen-20261123T175944123Z-[0-9a-f]{8}$/,
  );
  fc.assert(fc.property(anyTime, (now) => generationTime(generationName(now, undefined)) === now));
});

test("names sort by age even when the clock goes back", () => {
  fc.assert(
    fc.property(anyTime, anyTime, (first, second) => {
      const before = generationName(first, undefined);
      return before < generationName(second, before);
    }),
  );
});

test("only such a name is one of ours", () => {
  for (const name of [
    "..gen-1",
    "..data",
    "..2026_11_23_17_59_44.1",
    "..gen-20261123T175944123Z-1f2e3d4c/../../etc",
    "",
  ])
    assert.equal(generationTime(name), undefined, name);
  assert.equal(generationTime("..gen-20261399T175944123Z-1f2e3d4c"), undefined);
});
