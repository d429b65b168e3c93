import assert from "node:assert/strict";
import { test } from "node:test";
import { commitWith } from "../../support/failing-commit.ts";

/** What a commit over an old pair came to while one of its calls failed; what is visible is whole, and stays replaceable. */
async function failingAt(syscall: string, errno: string, count: number) {
  const { said, found, visible, retried } = await commitWith(syscall, errno, count);
  assert.deepEqual([found, retried], ["pair", "retry"], `${syscall} ${count}`);
  return { said, visible };
}

test("a sync that fails is io_error, and nothing of that commit is believed", async () => {
  // Four files, the generation and the directory before the swap, in one pool thread; then the directory once more.
  for (const count of [1, 2, 3, 4, 5, 6]) {
    const { said, visible } = await failingAt("fsync", "EIO", count);
    assert.equal(said?.reason, "io_error", `sync ${count}`);
    assert.match(said.message ?? "", /\(EIO on fsync\)/);
    assert.equal(visible, "old");
  }
  const last = await failingAt("fsync", "EIO", 7);
  assert.equal(last.said?.reason, "io_error");
  assert.equal(last.visible, "new", "after the swap only its durability is in doubt");
  assert.deepEqual((await failingAt("fsync", "EIO", 8)).said, { ok: true }, "there is no eighth");
});

test("a write that fails is io_error, and the old pair stays", async () => {
  let failed = 0;
  // Node writes some itself when it starts and ends, hence the range; five of them are ours.
  for (let count = 1; count <= 14; count++) {
    const { said, visible } = await failingAt("write", "EIO", count);
    if (said?.ok !== false) continue;
    assert.equal(said.reason, "io_error", said.message);
    assert.equal(visible, "old");
    failed++;
  }
  assert.equal(failed, 5, "the owner's record, three files and the manifest");
});

test("a rename that fails leaves the old pair", async () => {
  for (const count of [1, 2]) {
    const { said, visible } = await failingAt("rename", "EIO", count);
    assert.equal(said?.reason, "io_error");
    assert.equal(visible, "old");
  }
});
