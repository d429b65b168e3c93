import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { runStore } from "../../support/run-store.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** Commits over an old pair while the `count`-th call fails with this errno. */
async function commitWith(syscall: string, errno: string, count: number) {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  await store.commit(output, exampleMaterial("old"), exampleFacts());
  await store.release(output);
  const strace = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:error=${errno}:when=${count}`];
  const said = await runStore({ directory: output.directory, action: "commit", tag: "new" }, { strace });
  const found = await exampleStore().inspect(output);
  assert.equal(found.kind, "pair", `${syscall} ${count}: what is visible is whole`);
  const visible = (await readFile(dir.join("live", "tls.crt"), "utf8")).split("\n")[1];
  await exampleStore().commit(output, exampleMaterial("retry"), exampleFacts());
  return { said, visible };
}

test("a sync that fails is io_error, and nothing of that commit is believed", async () => {
  // Four files, the generation and the directory before the swap, in one pool thread; then the directory once more.
  for (const count of [1, 2, 3, 4, 5, 6]) {
    const { said, visible } = await commitWith("fsync", "EIO", count);
    assert.equal(said?.reason, "io_error", `sync ${count}`);
    assert.match(said.message ?? "", /\(EIO on fsync\)/);
    assert.equal(visible, "old");
  }
  const last = await commitWith("fsync", "EIO", 7);
  assert.equal(last.said?.reason, "io_error");
  assert.equal(last.visible, "new", "after the swap only its durability is in doubt");
  assert.deepEqual((await commitWith("fsync", "EIO", 8)).said, { ok: true }, "there is no eighth");
});

test("a write that fails is io_error, and the old pair stays", async () => {
  let failed = 0;
  // Node writes some itself when it starts and ends, hence the range; five of them are ours.
  for (let count = 1; count <= 14; count++) {
    const { said, visible } = await commitWith("write", "EIO", count);
    if (said?.ok !== false) continue;
    assert.equal(said.reason, "io_error", said.message);
    assert.equal(visible, "old");
    failed++;
  }
  assert.equal(failed, 5, "the owner's record, three files and the manifest");
});

test("a rename that fails leaves the old pair", async () => {
  for (const count of [1, 2]) {
    const { said, visible } = await commitWith("rename", "EIO", count);
    assert.equal(said?.reason, "io_error");
    assert.equal(visible, "old");
  }
});
