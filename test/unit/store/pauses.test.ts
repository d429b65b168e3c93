import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { LeafdError } from "../../../src/domain/errors.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { openPauses } from "../../../src/store/pauses.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const silent = (subject: string, problem: LeafdError): void => assert.fail(`${subject}: ${problem.message}`);

test("a pause survives a restart and ends by itself", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const pauses = openPauses(dir.path, { clock, warn: silent });
  assert.equal(pauses.until("a"), undefined);
  const end = clock.now() + HOUR;
  pauses.pause("a", end);
  assert.equal(pauses.until("a"), end);
  assert.equal(pauses.until("b"), undefined);
  await clock.advance(HOUR - 1);
  const restarted = openPauses(dir.path, { clock, warn: silent });
  assert.equal(restarted.until("a"), end);
  await clock.advance(1);
  assert.equal(restarted.until("a"), undefined);
});

test("another pause replaces the first, and resuming ends it for good", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const pauses = openPauses(dir.path, { clock, warn: silent });
  const soon = clock.now() + MINUTE;
  pauses.pause("__proto__", soon);
  pauses.pause("a", soon + HOUR);
  pauses.pause("a", soon);
  assert.equal(pauses.until("a"), soon);
  pauses.resume("a");
  assert.equal(pauses.until("a"), undefined);
  const restarted = openPauses(dir.path, { clock, warn: silent });
  assert.equal(restarted.until("a"), undefined);
  assert.equal(restarted.until("__proto__"), soon);
});

test("the file is leafd's own, and holds no pauses that are over", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const pauses = openPauses(dir.path, { clock, warn: silent });
  pauses.pause("a", clock.now() + MINUTE);
  await clock.advance(MINUTE);
  const end = clock.now() + HOUR;
  pauses.pause("b", end);
  assert.equal((await stat(dir.join("pauses.json"))).mode & 0o777, 0o600);
  const kept: unknown = JSON.parse(await readFile(dir.join("pauses.json"), "utf8"));
  assert.deepEqual(kept, { version: 1, paused: { b: end } });
});

test("pauses of a later leafd hold", async () => {
  await using dir = await tempDir();
  const clock = new VirtualClock();
  const end = clock.now() + HOUR;
  await writeFile(dir.join("pauses.json"), JSON.stringify({ version: 2, paused: { a: end }, by: { a: "ops" } }));
  assert.equal(openPauses(dir.path, { clock, warn: silent }).until("a"), end);
});

for (const content of ["", "{", "[]", '{"version":1.5,"paused":{}}', '{"version":1,"paused":{"a":"tomorrow"}}'])
  test(`a file that holds ${content || "nothing"} counts as no pauses, with a warning, and is written anew`, async () => {
    await using dir = await tempDir();
    const file = dir.join("pauses.json");
    await writeFile(file, content);
    const clock = new VirtualClock();
    const warnings: string[] = [];
    const pauses = openPauses(dir.path, { clock, warn: (_, problem) => warnings.push(problem.message) });
    assert.equal(pauses.until("a"), undefined);
    assert.deepEqual(warnings, [`${file} is damaged, so no service is paused any more`]);
    pauses.pause("a", clock.now() + HOUR);
    assert.equal(openPauses(dir.path, { clock, warn: silent }).until("a"), clock.now() + HOUR);
  });

test("a pause that cannot be written warns, and holds in this process", async () => {
  await using dir = await tempDir();
  const state = dir.join("state");
  await writeFile(state, "in the way");
  const clock = new VirtualClock();
  const problems: [string, string][] = [];
  const warn = (subject: string, { reason }: LeafdError) => problems.push([subject, reason]);
  const pauses = openPauses(state, { clock, warn });
  problems.length = 0;
  pauses.pause("a", clock.now() + HOUR);
  assert.equal(pauses.until("a"), clock.now() + HOUR);
  assert.deepEqual(problems, [["a", "target_unsafe"]]);
  await rm(state);
});
