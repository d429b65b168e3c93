import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* `leafd wait`: the gate before a dependent starts. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

suite("leafd wait", () => {
  test("ends when the running leafd has the first pair, and at once from then on, also without a leafd", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    const waiting = place.run("wait", ["web"]);
    {
      await using leafd = place.start("run");
      await leafd.next("published");
      assert.deepEqual([(await waiting).code, (await place.run("wait")).code], [0, 0]);
      await leafd.stop();
    }
    assert.equal((await place.run("wait", ["--timeout", "0s"])).code, 0);
  });

  test("gives up in time, and says who has none and why", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: { identity: { commonName: "web.elsewhere" } }, idle: { required: false } });
    await using leafd = place.start("run");
    await leafd.next("rotation_failed");
    const { code, stderr } = await place.run("wait", ["--timeout", "0s"]);
    assert.deepEqual([code, stderr], [1, "web: no certificate yet: name_denied"]);
  });

  test("knows no service that is not configured", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    const { code, stderr } = await place.run("wait", ["wbe"]);
    assert.equal(code, 1);
    assert.match(stderr, /there is no service "wbe"/);
  });
});
