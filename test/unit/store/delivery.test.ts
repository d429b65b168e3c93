import assert from "node:assert/strict";
import { symlink, unlink, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a delivery is remembered across restarts; one that is missing or unreadable is owed", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  assert.equal(await store.delivery(output), undefined);
  const { generation } = await store.commit(output, exampleMaterial("one"), exampleFacts());
  assert.equal(await store.delivery(output), undefined);
  await store.recordDelivery(output, { generation, reloadHash: "v1:reload", at: 1_780_000_000_000 });
  const expected = { version: 1, generation, reloadHash: "v1:reload", at: 1_780_000_000_000 };
  assert.deepEqual(await exampleStore().delivery(output), expected);

  await writeFile(dir.join("live", "..delivered"), JSON.stringify({ ...expected, version: 2, to: ["nginx"] }));
  assert.deepEqual(await store.delivery(output), expected, "of a later leafd");

  for (const content of ["", "{", "null", "[]", JSON.stringify({ ...expected, version: 0 }), "x".repeat(100_000)]) {
    await writeFile(dir.join("live", "..delivered"), content);
    assert.equal(await store.delivery(output), undefined, content.slice(0, 20));
  }
  await unlink(dir.join("live", "..delivered"));
  await symlink("/etc/passwd", dir.join("live", "..delivered"));
  assert.equal(await store.delivery(output), undefined);
  await store.recordDelivery(output, { generation, reloadHash: "v1:other", at: 0 });
  assert.equal((await store.delivery(output))?.reloadHash, "v1:other");
});

test("a delivery into a directory that went away is an error", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const delivery = { generation: "..gen-20261123T175944123Z-1f2e3d4c", reloadHash: "v1:reload", at: 0 };
  await assert.rejects(exampleStore().recordDelivery(output, delivery), { reason: "target_missing" });
});
