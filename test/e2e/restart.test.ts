import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* What must cost no certificate, counted by the server on a role that stores what it issues. */

let vault: TestVault;
let mounts = 0;
before(async () => {
  vault = await startTestVault();
});
after(() => vault.stop());

/** A mount and a place of their own. */
async function scene(ttl = "24h"): Promise<{ pki: TestPki; place: LeafdPlace }> {
  mounts += 1;
  const pki = await setUpPki(vault, { mount: `pki-${mounts}`, roleSettings: { ttl, no_store: false } });
  return { pki, place: await leafdPlace({ vault, pki }) };
}

const reload = (place: LeafdPlace) => [{ touch: place.dir.join("told") }];

test("a restart, and a SIGHUP without a change", async () => {
  const { pki, place } = await scene();
  await using _ = place;
  await place.configure({ web: { reload: reload(place) } });
  await using first = place.start("run");
  await first.next("delivered");
  const pair = readPair(place.live("web"));
  first.signal("SIGHUP");
  await first.next("config_loaded");
  assert.equal((await first.stop()).code, 0);

  await using second = place.start("run");
  const found = await second.next("recovered");
  assert.deepEqual([found.serial, found["reloadOwed"]], [pair.serial, false]);
  assert.equal((await second.stop()).code, 0);
  assert.deepEqual(second.seen("rotation_started"), []);
  assert.deepEqual(second.seen("reload_started"), []);
  assert.equal(await pki.issued(), 1);
});

test("`once` after `once`", async () => {
  const { pki, place } = await scene();
  await using _ = place;
  await place.configure({ web: {} });
  const said = [(await place.run("once")).stdout, (await place.run("once")).stdout];
  assert.match(said[0] ?? "", /^web: issued, ends in 23h 59m\n$/);
  assert.match(said[1] ?? "", /^web: valid, ends in 23h 59m\n$/);
  assert.equal(await pki.issued(), 1);
});

suite("`run` after another leafd that shared only the output directory with it", () => {
  const inOtherNamespace = { wrapper: ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] };
  const ends = [
    ["`once`, which gave it back", async (place: LeafdPlace) => void (await place.run("once")), 1],
    ["`run`, killed", (place: LeafdPlace) => killedRun(place), 0],
    ["`run`, killed, of another container of the pod", (place: LeafdPlace) => killedRun(place, inOtherNamespace), 0],
  ] as const;
  for (const [name, initContainer, owed] of ends)
    test(`after ${name}`, async () => {
      const { pki, place } = await scene();
      await using _ = place;
      await place.configure({ web: { reload: reload(place) } }, { stateDir: place.dir.join("state-of-init") });
      await initContainer(place);
      const pair = readPair(place.live("web"));

      await place.configure({ web: { reload: reload(place) } }, { stateDir: place.dir.join("state-of-sidecar") });
      await using sidecar = place.start("run");
      const found = await sidecar.next("recovered");
      assert.equal(found.serial, pair.serial);
      // Nobody has been told of what the init container wrote.
      for (let count = 0; count < owed; count++) await sidecar.next("delivered");
      assert.equal((await sidecar.stop()).code, 0);
      assert.deepEqual(sidecar.seen("rotation_started"), []);
      assert.deepEqual(sidecar.seen("rotation_failed"), []);
      assert.equal(sidecar.seen("reloaded").length, owed);
      assert.equal(await pki.issued(), 1);
    });
});

async function killedRun(place: LeafdPlace, options = {}): Promise<void> {
  await using leafd = place.start("run", [], options);
  await leafd.next("delivered");
  await leafd.stop("SIGKILL");
}

test("a token that was revoked: the next rotation logs in again, and that costs nothing more", async () => {
  const { pki, place } = await scene("8s");
  await using _ = place;
  await place.configure({ web: {} });
  await using leafd = place.start("run");
  await leafd.next("published");
  await revokeTokens(pki);
  const ending = await leafd.next("token_ending");
  assert.equal(ending["why"], "invalid");
  await leafd.next("logged_in");
  await leafd.next("published", ({ cause }) => cause === "renewal_due");
  assert.equal((await leafd.stop()).code, 0);
  assert.equal(leafd.seen("logged_in").length, 2);
  assert.deepEqual(leafd.seen("rotation_failed"), []);
  assert.equal(await pki.issued(), leafd.seen("published").length);
});

/** Takes all tokens of the test's AppRole out of force, as an operator would who lost one. */
async function revokeTokens(pki: TestPki): Promise<void> {
  const { data } = await vault.root("LIST", "auth/token/accessors");
  for (const accessor of data.keys) {
    const { body } = await vault.request("POST", "auth/token/lookup-accessor", { accessor });
    const { policies } = body.data;
    if (Array.isArray(policies) && policies.includes(pki.approle))
      await vault.root("POST", "auth/token/revoke-accessor", { accessor });
  }
}

suite("a changed configuration that asks for no other certificate", () => {
  const changes: readonly (readonly [what: string, change: object, serves: "same" | "again"])[] = [
    ["ttl", { ttl: "12h" }, "same"],
    ["renewAt", { renewAt: "50%" }, "same"],
    ["required", { required: false }, "same"],
    ["the order of names", { identity: { commonName: "web.svc", dns: ["web.svc", "a.svc"] } }, "same"],
    ["a reload step", { reload: [{ touch: "LIVE.told" }] }, "same"],
    ["modes", { output: { directory: "LIVE", modes: { cert: "0640" } } }, "again"],
    ["layout", { output: { directory: "LIVE", layout: "bundle" } }, "again"],
  ];
  const asked = { identity: { commonName: "web.svc", dns: ["a.svc", "web.svc"] } };
  for (const [what, change, serves] of changes)
    test(what, async () => {
      const { pki, place } = await scene();
      await using _ = place;
      const written = JSON.parse(JSON.stringify({ ...asked, ...change }).replace("LIVE", place.live("web")));
      await place.configure({ web: asked });
      assert.equal((await place.run("once")).code, 0);
      const pair = readPair(place.live("web"));

      await place.configure({ web: written });
      const { code, log } = await place.run("once", ["--reload"]);
      assert.equal(code, 0);
      assert.deepEqual(
        log.filter(({ event }) => event === "issued"),
        [],
      );
      const now = readPair(place.live("web"));
      assert.equal(now.serial, pair.serial);
      assert.equal(now.generation === pair.generation, serves === "same");
      assert.equal(await pki.issued(), 1);
    });
});

suite("a manifest of another version of leafd", () => {
  const versions: readonly (readonly [what: string, edit: (manifest: Record<string, unknown>) => object])[] = [
    [
      "with fields that this one does not know",
      (manifest) => ({ ...manifest, labels: ["a"], quarantine: { until: 1 } }),
    ],
    [
      "that has raised it, and dropped what this one needs",
      ({ serial, files }) => ({ version: 2, leaf: serial, content: files }),
    ],
    ["without what this one has added", (manifest) => ({ ...manifest, access: undefined })],
  ];
  for (const [what, edit] of versions)
    test(what, async () => {
      const { pki, place } = await scene();
      await using _ = place;
      await place.configure({ web: {} });
      await place.run("once");
      const { serial, generation } = readPair(place.live("web"));
      const path = join(place.live("web"), generation, "manifest.json");
      await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, "utf8")))));

      await using leafd = place.start("run");
      assert.equal((await leafd.next("recovered")).serial, serial);
      assert.equal((await leafd.stop()).code, 0);
      assert.deepEqual(leafd.seen("rotation_started"), []);
      assert.equal(readPair(place.live("web")).generation, generation);
      assert.equal(await pki.issued(), 1);
    });
});
