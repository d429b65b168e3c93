import assert from "node:assert/strict";
import { mkdir, readdir, symlink, unlink, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../../src/domain/units.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** An output with the generations one, two and three, a minute apart. */
async function withThree(live: string) {
  const clock = new VirtualClock();
  const store = exampleStore({ clock });
  const output = exampleOutput(live);
  const commit = async (tag: string) => (await store.commit(output, exampleMaterial(tag), exampleFacts())).generation;
  const one = await commit("one");
  await clock.advance(MINUTE);
  const two = await commit("two");
  await clock.advance(MINUTE);
  const three = await commit("three");
  const left = async () =>
    (await readdir(live)).filter((name) => name.startsWith("..gen-") || name.startsWith("..tmp-"));
  return { clock, store, output, commit, one, two, three, left };
}

test("the visible generation and the one before it stay, older ones go after a grace time", async () => {
  await using dir = await tempDir();
  const { clock, store, output, commit, two, three, left } = await withThree(dir.join("live"));
  assert.equal(await store.sweep(output), 1);
  assert.deepEqual(await left(), [two, three]);
  const four = await commit("four");
  await clock.advance(9 * SECOND);
  assert.equal(await store.sweep(output), 0, "a reader may have resolved the second one a moment ago");
  await clock.advance(2 * SECOND);
  assert.equal(await store.sweep(output), 1);
  assert.deepEqual(await left(), [three, four]);
  await clock.advance(60 * MINUTE);
  assert.equal(await store.sweep(output), 0, "damage is repaired from the one before, however old");
});

test("what crashed commits left goes at once, and is not mistaken for the one before", async () => {
  await using dir = await tempDir();
  const { store, output, two, three, left } = await withThree(dir.join("live"));
  const between = "..gen-20260101T000130000Z-00000000";
  const after = "..gen-20990101T000000000Z-00000000";
  for (const name of [between, after]) {
    await mkdir(dir.join("live", name), { mode: 0o700 });
    await writeFile(dir.join("live", name, "tls.key"), "half a k");
  }
  await writeFile(dir.join("live", "..tmp-11111111-1111-4111-8111-111111111111"), "");
  await symlink("..gen-gone", dir.join("live", "..tmp-22222222-2222-4222-8222-222222222222"));
  assert.equal(await store.sweep(output), 5);
  assert.deepEqual(await left(), [two, three]);
});

test("names that are not ours, links and directories in disguise stay", async () => {
  await using dir = await tempDir();
  const { store, output, one } = await withThree(dir.join("live"));
  await mkdir(dir.join("precious"));
  await writeFile(dir.join("precious", "tls.key"), "x");
  const planted = "..gen-20200101T000000000Z-00000000";
  await symlink("../precious", dir.join("live", planted));
  for (const name of ["..2026_01_01", "..gen-1", "..tmp-mine", "notes"]) await mkdir(dir.join("live", name));
  await mkdir(dir.join("live", "..tmp-33333333-3333-4333-8333-333333333333"));
  const before = await readdir(dir.join("live"));
  await store.sweep(output);
  assert.deepEqual(
    await readdir(dir.join("live")),
    before.filter((name) => name !== one),
  );
  assert.deepEqual(await readdir(dir.join("precious")), ["tls.key"]);
});

test("without ..data the newest whole generation stays for the repair", async () => {
  await using dir = await tempDir();
  const { store, output, three, left } = await withThree(dir.join("live"));
  await unlink(dir.join("live", "..data"));
  assert.equal(await store.sweep(output), 2);
  assert.deepEqual(await left(), [three]);
});

test("where there is no directory there is nothing to sweep", async () => {
  await using dir = await tempDir();
  assert.equal(await exampleStore().sweep(exampleOutput(dir.join("live"))), 0);
});
