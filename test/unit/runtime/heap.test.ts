import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { promisify } from "node:util";

/** Keeps a tenth of much that lives a while, and prints how large both generations have been at most, in bytes. */
const LOAD = `
const { getHeapSpaceStatistics, setFlagsFromString } = await import("node:v8");
const { keepHeapSmall } = await import(${JSON.stringify(new URL("../../../src/runtime/heap.ts", import.meta.url).href)});
if (process.argv[1] === "small") keepHeapSmall();
else setFlagsFromString("--semi-space-growth-factor=1");
const [kept, recent, most] = [[], [], {}];
for (let round = 0; round < 3000; round++) {
  const made = Array.from({ length: 2000 }, (_, index) => ({ index, round }));
  recent[round % 60] = made;
  if (round % 10 === 0) kept.push(made);
  for (const { space_name: name, space_size: size } of getHeapSpaceStatistics())
    most[name] = Math.max(most[name] ?? 0, size);
}
console.log(JSON.stringify({ young: most.new_space, old: most.old_space }));`;

/** Of a heap as leafd keeps it, or with nothing but its young generation kept small. */
async function generations(how: "small" | "young") {
  const args = ["--input-type=module", "--eval", LOAD, how];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  return { ...JSON.parse(stdout), stderr };
}

test("a small heap keeps its young generation and collects the old one early, with flags that this Node knows", async () => {
  const [small, young] = await Promise.all([generations("small"), generations("young")]);
  assert.equal(small.stderr, "");
  assert.ok(small.young < 64e6, `the young generation took ${small.young} bytes`);
  assert.ok(small.old < 0.7 * young.old, `the old generation took ${small.old} bytes, without its flag ${young.old}`);
});
