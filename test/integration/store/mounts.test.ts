import assert from "node:assert/strict";
import { mkdirSync, renameSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { systemClock } from "../../../src/runtime/clock.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { inMountRoom, mount, rerunInMountRoom, unmount } from "../../support/mount-room.ts";
import { tempDir } from "../../support/temp-dir.ts";

const publishedTag = async (live: string): Promise<string | undefined> =>
  (await readFile(`${live}/tls.crt`, "utf8")).split("\n")[1];

function scenarios(): void {
  for (const [what, options] of [
    ["space", "size=64k"],
    ["inodes", "size=1m,nr_inodes=24"],
  ] as const)
    test(`no ${what} left: disk_full, the old pair stays, and it goes on once there is room`, async () => {
      await using dir = await tempDir();
      mount("-t", "tmpfs", "-o", options, "tmpfs", dir.path);
      const output = exampleOutput(dir.join("live"));
      const store = exampleStore();
      let last = "";
      const fillUp = async () => {
        for (let count = 0; count < 20; count++) {
          await store.commit(output, exampleMaterial(`tag-${count}`), exampleFacts());
          last = `tag-${count}`;
        }
      };
      await assert.rejects(fillUp(), { reason: "disk_full", hint: /df/ });
      assert.notEqual(last, "");
      assert.equal(await publishedTag(output.directory), last);
      assert.equal((await store.inspect(output)).kind, "pair");
      const before = await readdir(output.directory);
      await assert.rejects(store.commit(output, exampleMaterial("again"), exampleFacts()), { reason: "disk_full" });
      assert.deepEqual(await readdir(output.directory), before, "a failed commit leaves nothing behind");
      await assert.rejects(store.preflight(output, "payments"), { reason: "disk_full", message: /too few|no space/ });

      const later = exampleStore({ clock: { ...systemClock, now: () => systemClock.now() + 60_000 } });
      assert.ok((await later.sweep(output)) > 0);
      await store.commit(output, exampleMaterial("room"), exampleFacts());
      assert.equal(await publishedTag(output.directory), "room");
      mount("-o", "remount,size=4m,nr_inodes=1000", dir.path);
      await store.preflight(output, "payments");
      unmount(dir.path);
    });

  test("a read-only file system is found before anything is asked for", async () => {
    await using dir = await tempDir();
    mount("-t", "tmpfs", "tmpfs", dir.path);
    const output = exampleOutput(dir.join("live"));
    const store = exampleStore();
    const refusal = { reason: "target_denied", message: /read-only/, hint: /writable/ };
    await store.commit(output, exampleMaterial("old"), exampleFacts());
    mount("-o", "remount,ro", dir.path);
    await assert.rejects(store.preflight(output, "payments"), refusal);
    await assert.rejects(store.preflight(exampleOutput(dir.join("new")), "payments"), refusal);
    await assert.rejects(store.commit(output, exampleMaterial("new"), exampleFacts()), refusal);
    assert.equal((await exampleStore().inspect(output)).kind, "pair");
    unmount(dir.path);
  });

  for (const known of [false, true])
    test(`a file mounted at a visible name is refused, ${known ? "after" : "before"} the first publication`, async () => {
      await using dir = await tempDir();
      const output = exampleOutput(dir.join("live"));
      const store = exampleStore();
      if (known) await store.commit(output, exampleMaterial("old"), exampleFacts());
      else await mkdir(output.directory);
      await rm(dir.join("live", "tls.crt"), { force: true });
      await writeFile(dir.join("live", "tls.crt"), "");
      await writeFile(dir.join("single"), "mounted");
      mount("--bind", dir.join("single"), dir.join("live", "tls.crt"));
      const refusal = {
        reason: "target_unsafe",
        message: /tls\.crt is mounted by itself/,
        hint: /Mount the directory/,
      };
      await assert.rejects(store.preflight(output, "payments"), refusal);
      await assert.rejects(store.commit(output, exampleMaterial("new"), exampleFacts()), { reason: "target_unsafe" });
      assert.equal(await readFile(dir.join("live", "tls.crt"), "utf8"), "mounted");
      unmount(dir.join("live", "tls.crt"));
    });

  test("an output directory that is a mount of its own is fine", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("live"));
    mount("-t", "tmpfs", "tmpfs", dir.join("live"));
    const output = exampleOutput(dir.join("live"));
    await exampleStore().preflight(output, "payments");
    await exampleStore().commit(output, exampleMaterial("one"), exampleFacts());
    assert.equal(await publishedTag(output.directory), "one");
    unmount(dir.join("live"));
  });

  test("a directory that is mounted over during the commit swallows nothing unnoticed", async () => {
    await using dir = await tempDir();
    const output = exampleOutput(dir.join("live"));
    await exampleStore().commit(output, exampleMaterial("old"), exampleFacts());
    const store = interrupted(() => mount("-t", "tmpfs", "tmpfs", output.directory));
    await assert.rejects(store.commit(output, exampleMaterial("new"), exampleFacts()), { reason: "target_replaced" });
    await store.commit(output, exampleMaterial("newer"), exampleFacts());
    assert.equal(await publishedTag(output.directory), "newer");
    unmount(output.directory);
  });

  test("a directory that is replaced or removed during the commit is noticed, and written again", async () => {
    await using dir = await tempDir();
    const output = exampleOutput(dir.join("live"));
    await exampleStore().commit(output, exampleMaterial("old"), exampleFacts());
    const replace = () => {
      renameSync(output.directory, dir.join("aside"));
      mkdirSync(output.directory);
    };
    const remove = () => renameSync(output.directory, dir.join("gone"));
    for (const interruption of [replace, remove]) {
      const store = interrupted(interruption);
      await assert.rejects(store.commit(output, exampleMaterial("new"), exampleFacts()), { reason: "target_replaced" });
      await store.commit(output, exampleMaterial("newer"), exampleFacts());
      assert.equal(await publishedTag(output.directory), "newer");
    }
    assert.equal(await publishedTag(dir.join("aside")), "old", "the directory that was moved away keeps its pair");
  });
}

/** A store whose first commit meets with this after it has opened the directory: that is when it asks for the time. */
function interrupted(happen: () => void) {
  let done = false;
  const now = () => {
    if (!done) happen();
    done = true;
    return systemClock.now();
  };
  return exampleStore({ clock: { ...systemClock, now } });
}

if (inMountRoom) scenarios();
else
  test("the store on full, read-only and odd mounts", async (t) => {
    t.diagnostic(`${await rerunInMountRoom(import.meta.filename)} tests passed in a mount namespace`);
  });
