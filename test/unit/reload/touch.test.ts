import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { runStep } from "../../support/reloader.ts";
import { tempDir } from "../../support/temp-dir.ts";

function touch(path: string): Promise<string> {
  return runStep({ kind: "touch", path });
}

suite("touch", () => {
  test("an existing file gets the time of now and keeps its content", async () => {
    await using dir = await tempDir();
    const path = dir.join("trigger");
    await writeFile(path, "content");
    await utimes(path, 1000, 1000);
    assert.equal(await touch(path), `touched ${path}`);
    assert.ok((await stat(path)).mtimeMs > 1_700_000_000_000);
    assert.equal(await readFile(path, "utf8"), "content");
  });

  test("an absent file is created, empty and readable for all, whatever the umask", async (t) => {
    await using dir = await tempDir();
    const umask = process.umask(0o077);
    t.after(() => process.umask(umask));
    await touch(dir.join("trigger"));
    const { mode, size } = await stat(dir.join("trigger"));
    assert.deepEqual([mode & 0o777, size], [0o644, 0]);
  });

  test("a planted symlink is refused and what it points at is left alone", async () => {
    await using dir = await tempDir();
    await symlink(dir.join("elsewhere"), dir.join("trigger"));
    const message = `${dir.join("trigger")} is not a regular file`;
    await assert.rejects(touch(dir.join("trigger")), { reason: "reload_target", message });
    assert.ok(!existsSync(dir.join("elsewhere")));
  });

  test("a directory, a FIFO and a missing parent are no targets, and none makes it wait", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("directory"));
    execFileSync("mkfifo", [dir.join("fifo")]);
    for (const name of ["directory", "fifo", "missing/trigger"])
      await assert.rejects(touch(dir.join(name)), { reason: "reload_target" }, name);
  });
});
