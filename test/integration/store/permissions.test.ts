import assert from "node:assert/strict";
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { runStore, UNPRIVILEGED } from "../../support/run-store.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** A directory that the unprivileged user of these tests may enter and own things in. */
async function openDir() {
  const dir = await tempDir();
  await chmod(dir.path, 0o755);
  return dir;
}

async function ownedDir(path: string, mode: number): Promise<string> {
  await mkdir(path);
  if (UNPRIVILEGED.uid !== undefined) await chown(path, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  await chmod(path, mode);
  return path;
}

test("an unprivileged leafd publishes in a directory of its own, with its own group", async () => {
  await using dir = await openDir();
  const directory = await ownedDir(dir.join("live"), 0o755);
  const group = String(UNPRIVILEGED.gid ?? process.getgid?.());
  for (const action of ["preflight", "commit"] as const) {
    const said = await runStore({ directory, action, output: { group } }, { unprivileged: true });
    assert.deepEqual(said, { ok: true });
  }
  assert.equal(String((await stat(dir.join("live", "tls.key"))).gid), group);
});

test("a directory or parent that leafd may not write to is found before anything is asked for", async () => {
  await using dir = await openDir();
  await ownedDir(dir.join("shut"), 0o555);
  for (const directory of [dir.join("shut"), dir.join("shut", "below")])
    for (const action of ["preflight", "commit"] as const) {
      const said = await runStore({ directory, action }, { unprivileged: true });
      assert.equal(said?.reason, "target_denied", said?.message);
      assert.match(said.message ?? "", /permission denied \(EACCES/);
      assert.match(said.hint ?? "", /owner and mode/);
    }
  assert.deepEqual(await readdir(dir.join("shut")), []);
});

test("a group or owner that leafd may not give is found before anything is asked for, and leaves no trace", async () => {
  await using dir = await openDir();
  const directory = await ownedDir(dir.join("live"), 0o755);
  for (const output of [{ group: "0" }, { owner: "0" }])
    for (const action of ["preflight", "commit"] as const) {
      const said = await runStore({ directory, action, output }, { unprivileged: true });
      assert.equal(said?.reason, "group_denied", said?.message);
      assert.match(said.message ?? "", /may not give files to uid \d+, gid \d+/);
      assert.match(said.hint ?? "", /CAP_CHOWN/);
    }
  assert.deepEqual(await readdir(directory), ["..owner"]);
});

test("a key that leafd could write and never read again is found before anything is asked for", async () => {
  await using dir = await openDir();
  const directory = await ownedDir(dir.join("live"), 0o755);
  const output = { modes: { key: 0o000, cert: 0o644, directory: 0o755 } };
  const said = await runStore({ directory, action: "preflight", output }, { unprivileged: true });
  assert.equal(said?.reason, "target_denied");
  assert.match(said.message ?? "", /never read it again/);
});

test("a key of another user that leafd may not read is an error, not damage; its own key shut by somebody is damage", async () => {
  await using dir = await openDir();
  const directory = await ownedDir(dir.join("live"), 0o755);
  assert.deepEqual(await runStore({ directory, action: "commit" }, { unprivileged: true }), { ok: true });
  const inspect = () => runStore({ directory, action: "inspect" }, { unprivileged: true });
  await chmod(dir.join("live", "tls.key"), 0o000);
  assert.deepEqual(await inspect(), { ok: true });
  if (UNPRIVILEGED.uid === undefined) return; // Only root can give the key to somebody else.
  await chown(dir.join("live", "tls.key"), 0, 0);
  assert.equal((await inspect())?.reason, "target_denied");
});

test("a parent that is missing is not made", async () => {
  await using dir = await openDir();
  for (const action of ["preflight", "commit"] as const) {
    const said = await runStore({ directory: dir.join("no", "live"), action });
    assert.equal(said?.reason, "target_missing");
    assert.match(said.hint ?? "", /parent/);
  }
});

test("a link or a file in place of the output directory is refused, links above it are followed", async () => {
  await using dir = await openDir();
  await mkdir(dir.join("real"));
  await symlink("real", dir.join("link"));
  await writeFile(dir.join("file"), "");
  for (const name of ["link", "file"]) {
    const said = await runStore({ directory: dir.join(name), action: "preflight" });
    assert.equal(said?.reason, "target_unsafe", name);
  }
  assert.deepEqual(await readdir(dir.join("real")), []);
  const said = await runStore({ directory: dir.join("link", "live"), action: "commit" });
  assert.deepEqual(said, { ok: true });
  assert.ok((await lstat(dir.join("real", "live"))).isDirectory());
});

test("links planted at ..data and at visible names are replaced and never followed", async () => {
  await using dir = await openDir();
  await mkdir(dir.join("victim"));
  await writeFile(dir.join("victim", "tls.key"), "untouched");
  const directory = dir.join("live");
  assert.deepEqual(await runStore({ directory, action: "commit" }), { ok: true });
  for (const [name, target] of [
    ["..data", "../victim"],
    ["tls.key", "../victim/tls.key"],
    ["..owner", "../victim/tls.key"],
    ["..delivered", "../victim/tls.key"],
  ] as const) {
    await rm(dir.join("live", name), { force: true });
    await symlink(target, dir.join("live", name));
  }
  assert.deepEqual(await runStore({ directory, action: "commit", tag: "new" }), { ok: true });
  assert.deepEqual(await readdir(dir.join("victim")), ["tls.key"]);
  assert.equal(await readFile(dir.join("victim", "tls.key"), "utf8"), "untouched");
  assert.match(await readFile(dir.join("live", "tls.key"), "utf8"), /new/);
});
