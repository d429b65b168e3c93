import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { OutputSpec } from "../../../src/domain/spec.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

test("what is committed is what is inspected, and what a dependent reads", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  assert.deepEqual(await store.inspect(output), { kind: "none" });
  const material = exampleMaterial("one");
  const manifest = await store.commit(output, material, exampleFacts());

  const found = await exampleStore({ instance: "another run" }).inspect(output);
  assert.ok(found.kind === "pair");
  assert.deepEqual(found.manifest, manifest);
  assert.equal(found.material.privateKey.reveal(), material.privateKey.reveal());
  assert.equal(await readFile(dir.join("live", "tls.key"), "utf8"), material.privateKey.reveal());
  assert.equal(await readFile(dir.join("live", "tls.crt"), "utf8"), material.certificate);
  assert.equal(await readFile(dir.join("live", "ca.crt"), "utf8"), material.trust);
  assert.equal(await readlink(dir.join("live", "tls.key")), "..data/tls.key");
  assert.equal(await readlink(dir.join("live", "..data")), manifest.generation);
});

for (const umask of [0o000, 0o022, 0o077])
  test(`modes are the configured ones under umask ${umask.toString(8).padStart(3, "0")}`, async () => {
    await using dir = await tempDir();
    const before = process.umask(umask);
    try {
      const modes = { key: 0o640, cert: 0o644, directory: 0o750 };
      const output = exampleOutput(dir.join("live"), { modes, layout: "bundle" });
      const { generation } = await exampleStore().commit(output, exampleMaterial("one"), exampleFacts());
      const inside = dir.join("live", generation);
      assert.equal(await modeOf(dir.join("live")), "750");
      assert.equal(await modeOf(inside), "750");
      const found = await Promise.all(
        ["tls.key", "tls-combined.pem", "tls.crt", "ca.crt", "manifest.json"].map((name) => modeOf(join(inside, name))),
      );
      assert.deepEqual(found, ["640", "640", "644", "644", "644"]);
    } finally {
      process.umask(before);
    }
  });

test("a directory of the operator keeps its mode; setgid is kept, and handed down to the generation", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("live"));
  await chmod(dir.join("live"), 0o2711);
  const output = exampleOutput(dir.join("live"));
  const { generation } = await exampleStore().commit(output, exampleMaterial("one"), exampleFacts());
  assert.equal(await modeOf(dir.join("live")), "2711");
  assert.equal(await modeOf(dir.join("live", generation)), "2755");
});

test("a directory that was left half made and claimed gets its mode", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("live"), { mode: 0o700 });
  await exampleStore().sweep(exampleOutput(dir.join("live")));
  assert.deepEqual(await readdir(dir.join("live")), ["..owner"]);
  await exampleStore().preflight(exampleOutput(dir.join("live")), "payments");
  assert.equal(await modeOf(dir.join("live")), "755");
});

test("layout bundle has key, leaf and chain in one file, and the way back removes it", async () => {
  await using dir = await tempDir();
  const store = exampleStore();
  const commit = (layout: OutputSpec["layout"], tag: string) =>
    store.commit(exampleOutput(dir.join("live"), { layout }), exampleMaterial(tag), exampleFacts());
  await commit("generations", "one");
  await commit("bundle", "two");
  const { privateKey, certificate } = exampleMaterial("two");
  const combined = dir.join("live", "tls-combined.pem");
  assert.equal(await readFile(combined, "utf8"), privateKey.reveal() + certificate);
  await commit("generations", "three");
  await assert.rejects(lstat(combined), { code: "ENOENT" });
  await writeFile(combined, "the operator's");
  await commit("generations", "four");
  assert.equal(await readFile(combined, "utf8"), "the operator's");
});

test("a good visible name is never touched again, a wrong one is put right by the next commit", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  await store.commit(output, exampleMaterial("one"), exampleFacts());
  const key = await lstat(dir.join("live", "tls.key"));
  await unlink(dir.join("live", "tls.crt"));
  await writeFile(dir.join("live", "tls.crt"), "an outsider's");
  await unlink(dir.join("live", "ca.crt"));
  await symlink("/etc/passwd", dir.join("live", "ca.crt"));
  await store.commit(output, exampleMaterial("two"), exampleFacts());
  assert.equal((await lstat(dir.join("live", "tls.key"))).ino, key.ino);
  assert.equal((await store.inspect(output)).kind, "pair");
  assert.equal(await readFile(dir.join("live", "tls.crt"), "utf8"), exampleMaterial("two").certificate);
  assert.match(await readFile("/etc/passwd", "utf8"), /^root:/);
});

test("a commit leaves nothing but generations, links and its record", async () => {
  await using dir = await tempDir();
  const store = exampleStore();
  const output = exampleOutput(dir.join("live"));
  await store.preflight(output, "payments");
  const { generation } = await store.commit(output, exampleMaterial("one"), exampleFacts());
  const names = await readdir(dir.join("live"));
  assert.deepEqual(names.sort(), ["..data", generation, "..owner", "ca.crt", "tls.crt", "tls.key"].sort());
});

test("the private key is in its files and nowhere else", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const store = exampleStore();
  const { generation } = await store.commit(output, exampleMaterial("canary"), exampleFacts());
  const manifest = await readFile(dir.join("live", generation, "manifest.json"), "utf8");
  assert.equal(manifest.includes("canary"), false);
  assert.equal(JSON.stringify(await store.inspect(output)).includes("PRIVATE KEY"), false);
});
