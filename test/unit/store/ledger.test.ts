import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { LeafdError } from "../../../src/domain/errors.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { openLedger } from "../../../src/store/ledger.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const silent = (subject: string, problem: LeafdError): void => assert.fail(`${subject}: ${problem.message}`);

test("issuances of the last hour survive a restart, older ones do not", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const ledger = openLedger(dir.path, { clock, warn: silent });
  assert.deepEqual(ledger.recent("a"), []);
  const first = clock.now();
  ledger.record("a", first);
  await clock.advance(40 * MINUTE);
  ledger.record("a", clock.now());
  ledger.record("b", clock.now());
  const restarted = openLedger(dir.path, { clock, warn: silent });
  assert.deepEqual(restarted.recent("a"), [first, first + 40 * MINUTE]);
  assert.deepEqual(restarted.recent("b"), [first + 40 * MINUTE]);
  await clock.advance(20 * MINUTE);
  assert.deepEqual(restarted.recent("a"), [first + 40 * MINUTE]);
});

test("entries of a clock that was a day ahead block nobody", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const ledger = openLedger(dir.path, { clock, warn: silent });
  ledger.record("a", clock.now() + 24 * HOUR);
  ledger.record("a", clock.now() + MINUTE);
  assert.deepEqual(openLedger(dir.path, { clock, warn: silent }).recent("a"), [clock.now() + MINUTE]);
});

test("a ledger of a later leafd is read, so that a way back resets no budget", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  await mkdir(dir.join("ledger"));
  await writeFile(dir.join("ledger", "a.json"), JSON.stringify({ version: 2, issued: [clock.now()], by: ["main"] }));
  assert.deepEqual(openLedger(dir.path, { clock, warn: silent }).recent("a"), [clock.now()]);
});

const unreadable: readonly (readonly [content: string, what?: string])[] = [
  [""],
  ["{"],
  ["[]"],
  ['{"issued":[]}'],
  ['{"version":1,"issued":["now"]}'],
  ['{"version":3,"asked":[]}', "was written by a later leafd (version 3)"],
];
for (const [content, what = "is damaged"] of unreadable)
  test(`a ledger that holds ${content || "nothing"} counts as empty, with a warning, and is written anew`, async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("ledger"));
    await writeFile(dir.join("ledger", "a.json"), content);
    const clock = new VirtualClock();
    const warnings: string[] = [];
    const ledger = openLedger(dir.path, { clock, warn: (_, problem) => warnings.push(problem.message) });
    assert.deepEqual(ledger.recent("a"), []);
    assert.deepEqual(warnings, [`${dir.join("ledger", "a.json")} ${what}, so its issuances are forgotten`]);
    ledger.record("a", clock.now());
    const kept: unknown = JSON.parse(await readFile(dir.join("ledger", "a.json"), "utf8"));
    assert.deepEqual(kept, { version: 1, issued: [clock.now()] });
  });

test("a ledger that cannot be written warns, goes on, and still counts in this process", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("ledger"), "in the way");
  const clock = new VirtualClock();
  const problems: [string, string][] = [];
  const ledger = openLedger(dir.path, { clock, warn: (subject, { reason }) => problems.push([subject, reason]) });
  ledger.record("a", clock.now());
  assert.deepEqual(ledger.recent("a"), [clock.now()]);
  assert.deepEqual(problems.at(-1), ["a", "target_unsafe"]);
  await rm(dir.join("ledger"));
  ledger.record("a", clock.now());
  assert.equal(openLedger(dir.path, { clock, warn: silent }).recent("a").length, 2);
});
