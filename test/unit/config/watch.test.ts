import assert from "node:assert/strict";
import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { watchConfig } from "../../../src/config/watch.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MINIMAL_CONFIG, minimalConfig, problemsOfFiles } from "../../support/config-file.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** Longer than a test may run: what is seen then came by an event. */
const NEVER = 600_000;
const OTHER_CONFIG = minimalConfig(["/run/token", "/run/other-token"]);
const THIRD_CONFIG = minimalConfig(["/run/token", "/run/third-token"]);

/** A watch on `leafd.yaml` of the directory that has had its first look, stopped at the end of the scope. */
async function watching(directory: TempDir, poll = NEVER) {
  const file = directory.join("leafd.yaml");
  const stop = new AbortController();
  const load = () => loadConfig({ file, env: {} });
  const hashes = watchConfig({ file, since: "another one", clock: systemClock, poll }, stop.signal);
  await hashes.next();
  return {
    load,
    /** Does something and resolves with the hash that the watch yields for it. */
    async after(act: () => Promise<unknown>): Promise<string | void> {
      const [next] = await Promise.all([hashes.next(), act()]);
      return next.value;
    },
    stop: () => stop.abort(),
    hashes,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await hashes.return(undefined);
    },
  };
}

test("a file edited in place, replaced, removed and made again is seen each time", async () => {
  await using directory = await tempDir();
  const file = directory.join("leafd.yaml");
  await writeFile(file, MINIMAL_CONFIG);
  await using watch = await watching(directory);
  assert.equal(await watch.after(() => writeFile(file, OTHER_CONFIG)), (await watch.load()).hash);

  const replace = async () => {
    await writeFile(directory.join("leafd.yaml.new"), THIRD_CONFIG);
    await rename(directory.join("leafd.yaml.new"), file);
  };
  assert.equal(await watch.after(replace), (await watch.load()).hash);

  await watch.after(() => rm(file));
  assert.deepEqual(await problemsOfFiles(file, directory.path), ["leafd.yaml: does not exist"]);
  assert.equal(await watch.after(() => writeFile(file, MINIMAL_CONFIG)), (await watch.load()).hash);
});

test("a configuration that went bad is reported, and so is the next one", async () => {
  await using directory = await tempDir();
  const file = directory.join("leafd.yaml");
  await writeFile(file, MINIMAL_CONFIG);
  await using watch = await watching(directory);
  for (const bad of ["vault: [", "vault: {"]) {
    await watch.after(() => writeFile(file, bad));
    await assert.rejects(watch.load(), { reason: "config_invalid" });
  }
  assert.equal(await watch.after(() => writeFile(file, OTHER_CONFIG)), (await watch.load()).hash);
});

test("drop-ins are seen, also when their directory comes and goes", async () => {
  await using directory = await tempDir();
  await writeFile(directory.join("leafd.yaml"), MINIMAL_CONFIG);
  await using watch = await watching(directory);
  const dropIn = "services:\n  api: { identity: { dns: [api] }, output: { directory: /srv/api } }\n";
  const before = (await watch.load()).hash;
  await watch.after(async () => {
    await mkdir(directory.join("services.d"));
    await writeFile(directory.join("services.d/api.yaml"), dropIn);
  });
  assert.equal((await watch.load()).settings.services.length, 2);
  await watch.after(() => writeFile(directory.join("services.d/api.yaml"), dropIn.replace("[api]", "[api2]")));
  assert.equal(await watch.after(() => rm(directory.join("services.d"), { recursive: true })), before);
});

test("a Kubernetes volume that swaps ..data is seen each time", async () => {
  await using directory = await tempDir();
  const publish = async (generation: string, text: string) => {
    await mkdir(directory.join(generation));
    await writeFile(directory.join(generation, "leafd.yaml"), text);
    await symlink(generation, directory.join("..data_tmp"));
    await rename(directory.join("..data_tmp"), directory.join("..data"));
  };
  await publish("..2026_01", MINIMAL_CONFIG);
  await symlink("..data/leafd.yaml", directory.join("leafd.yaml"));
  await using watch = await watching(directory);
  const generations = [OTHER_CONFIG, THIRD_CONFIG, MINIMAL_CONFIG];
  for (const [index, text] of generations.entries()) {
    const swap = async () => {
      await publish(`..2026_02_${index}`, text);
      if (index > 0) await rm(directory.join(`..2026_02_${index - 1}`), { recursive: true });
    };
    assert.equal(await watch.after(swap), (await watch.load()).hash);
  }
});

test("what raises no event is found by the slow look", async () => {
  await using directory = await tempDir();
  const elsewhere = directory.join("elsewhere");
  for (const [name, text] of Object.entries({ one: MINIMAL_CONFIG, two: OTHER_CONFIG })) {
    await mkdir(`${elsewhere}/${name}`, { recursive: true });
    await writeFile(`${elsewhere}/${name}/leafd.yaml`, text);
  }
  await symlink("one", `${elsewhere}/current`);
  await symlink("elsewhere/current/leafd.yaml", directory.join("leafd.yaml"));
  await using watch = await watching(directory, 50);
  for (const name of ["two", "one"]) {
    const swap = async () => {
      await symlink(name, `${elsewhere}/next`);
      await rename(`${elsewhere}/next`, `${elsewhere}/current`);
    };
    assert.equal(await watch.after(swap), (await watch.load()).hash);
  }
});

test("soon after a change it looks again: the event of a file's second half may be lost", async () => {
  await using directory = await tempDir();
  const elsewhere = directory.join("elsewhere");
  for (const [name, text] of Object.entries({ one: MINIMAL_CONFIG, two: OTHER_CONFIG })) {
    await mkdir(`${elsewhere}/${name}`, { recursive: true });
    await writeFile(`${elsewhere}/${name}/leafd.yaml`, text);
  }
  await symlink("one", `${elsewhere}/current`);
  await symlink("elsewhere/current/leafd.yaml", directory.join("leafd.yaml"));
  await using watch = await watching(directory);
  await watch.after(() => writeFile(`${elsewhere}/one/leafd.yaml`, THIRD_CONFIG));
  const unseen = async () => {
    await symlink("two", `${elsewhere}/next`);
    await rename(`${elsewhere}/next`, `${elsewhere}/current`);
  };
  assert.equal(await watch.after(unseen), (await watch.load()).hash);
});

test("a change between the load and the watch is not lost", async () => {
  await using directory = await tempDir();
  await writeFile(directory.join("leafd.yaml"), MINIMAL_CONFIG);
  const { hash: since } = await loadConfig({ file: directory.join("leafd.yaml"), env: {} });
  await writeFile(directory.join("leafd.yaml"), OTHER_CONFIG);
  const { signal } = new AbortController();
  const file = directory.join("leafd.yaml");
  for await (const hash of watchConfig({ file, since, clock: systemClock, poll: NEVER }, signal)) {
    assert.notEqual(hash, since);
    break;
  }
});

test("a file that is only touched, and one beside it, are no change", async () => {
  await using directory = await tempDir();
  const file = directory.join("leafd.yaml");
  await writeFile(file, MINIMAL_CONFIG);
  await using watch = await watching(directory);
  const noise = async () => {
    await utimes(file, 1, 1);
    await writeFile(directory.join("other.yaml"), "a: 1\n");
    await writeFile(file, MINIMAL_CONFIG);
    await writeFile(file, OTHER_CONFIG);
  };
  assert.equal(await watch.after(noise), (await watch.load()).hash);
});

test("the watch ends with its signal, at once", async () => {
  await using directory = await tempDir();
  await writeFile(directory.join("leafd.yaml"), MINIMAL_CONFIG);
  await using watch = await watching(directory);
  const next = watch.hashes.next();
  watch.stop();
  assert.equal((await next).done, true);
});
