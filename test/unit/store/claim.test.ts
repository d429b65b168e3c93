import assert from "node:assert/strict";
import { mkdir, readFile, symlink, unlink, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** A process that runs here as long as this test does, and belongs to somebody else. */
const rival = () => exampleStore({ instance: "rival" });

test("an output of another leafd that runs is refused, with its pid, host and service, before anything changes", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  await rival().commit(output, exampleMaterial("rival"), exampleFacts({ service: "billing" }));
  const store = exampleStore();
  const refusal = {
    reason: "target_foreign",
    message: new RegExp(`pid ${process.pid} on .+ "billing"`),
    hint: /--takeover/,
  };
  await assert.rejects(store.preflight(output, "payments"), refusal);
  await assert.rejects(store.commit(output, exampleMaterial("one"), exampleFacts()), refusal);
  await assert.rejects(store.sweep(output), refusal);
  await assert.rejects(store.recordDelivery(output, { generation: "x", reloadHash: "y", at: 0 }), refusal);
  assert.match(await readFile(dir.join("live", "tls.crt"), "utf8"), /rival/);
});

test("it may be taken when it was given back, and with --takeover, and then the other one is told", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  const first = rival();
  await first.preflight(output, "payments");
  await first.release(output);
  const second = exampleStore({ instance: "second" });
  await second.preflight(output, "payments");
  const third = exampleStore({ instance: "third", takeover: true });
  await third.commit(output, exampleMaterial("third"), exampleFacts());
  await assert.rejects(second.commit(output, exampleMaterial("second"), exampleFacts()), { reason: "target_foreign" });
  await second.release(output);
  await assert.rejects(first.preflight(output, "payments"), { reason: "target_foreign" });
});

test("a rival of a later version is a rival", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  await rival().preflight(output, "billing");
  const file = dir.join("live", "..owner");
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), version: 2, since: 1 }));
  await assert.rejects(exampleStore().preflight(output, "payments"), { reason: "target_foreign" });
});

test("a record that cannot be read is replaced with a warning; a link in its place is not followed", async () => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"));
  await mkdir(dir.join("live"));
  await writeFile(dir.join("victim"), "untouched");
  await symlink("../victim", dir.join("live", "..owner"));
  const warnings: string[] = [];
  const store = exampleStore({ warn: (subject) => warnings.push(subject) });
  await store.preflight(output, "payments");
  await store.preflight(output, "payments");
  assert.deepEqual(warnings, [dir.join("live")]);
  assert.equal(await readFile(dir.join("victim"), "utf8"), "untouched");
  assert.equal(JSON.parse(await readFile(dir.join("live", "..owner"), "utf8")).service, "payments");
});

for (const name of ["tls.key", "tls.crt", "ca.crt", "..data"])
  test(`${name} of another program is not replaced in a directory that no leafd has written to`, async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("live"));
    await writeFile(dir.join("live", name), "made by hand");
    const refusal = { reason: "target_unsafe", message: `${dir.join("live", name)} was made by another program` };
    const output = exampleOutput(dir.join("live"));
    await assert.rejects(exampleStore().preflight(output, "payments"), refusal);
    await assert.rejects(exampleStore().preflight(output, "payments"), refusal, "asking twice is no permission");
    await assert.rejects(exampleStore().commit(output, exampleMaterial("one"), exampleFacts()), refusal);
    assert.equal(await readFile(dir.join("live", name), "utf8"), "made by hand");
    await unlink(dir.join("live", name));
    await exampleStore().commit(output, exampleMaterial("one"), exampleFacts());
  });
