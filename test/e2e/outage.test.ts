import assert from "node:assert/strict";
import { test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { findOpenBao } from "../support/openbao-binary.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startOpenBao, startTestVault, type TestVault } from "../support/vault-server.ts";

/* Vault is away: what is on disk stays, what is due is tried again, and its return is noticed. */

/** Long enough for an outage between its renewal (at two thirds, less a jitter) and its end. */
const TTL = 16_000;

async function scene(vault: TestVault) {
  const pki = await setUpPki(vault, { roleSettings: { ttl: `${TTL / 1000}s`, no_store: false } });
  return { pki, place: await leafdPlace({ vault, pki }) };
}

test("sealed past the due time: the pair stays, the reason is said, the return is noticed", async (t) => {
  await using vault = await startTestVault();
  const { pki, place } = await scene(vault);
  await using _ = place;
  await place.configure({ web: {} });
  await using leafd = place.start("run");
  await leafd.next("published");
  const pair = readPair(place.live("web"));
  await vault.seal();

  const down = await leafd.next("cluster_down");
  assert.equal(down.reason, "sealed");
  for (let failure = 1; failure <= 3; failure++) {
    const failed = await leafd.next("rotation_failed");
    assert.deepEqual([failed.reason, failed["stage"], failed["failures"]], ["sealed", "issue", failure]);
    assert.equal(failed.hint, "unseal Vault");
  }
  assert.equal(readPair(place.live("web")).generation, pair.generation);
  const status = await place.run("status", ["--json"]);
  assert.equal(status.code, 0, "a valid pair is a good answer");
  const { services, clusters } = JSON.parse(status.stdout);
  assert.deepEqual([services[0].state, services[0].reason], ["retrying", "sealed"]);
  assert.deepEqual([clusters[0].up, clusters[0].reason], [false, "sealed"]);

  await vault.unseal();
  const unsealed = Date.now();
  const published = await leafd.next("published");
  const took = Date.parse(published.time) - unsealed;
  t.diagnostic(`${leafd.seen("rotation_failed").length} failures, renewed ${took} ms after the unsealing`);
  assert.ok(took < 3_000, `it took ${took} ms to notice`);
  assert.equal(leafd.seen("cluster_up").length, 2);
  assert.ok(Date.now() < pair.leaf.validToDate.getTime(), "the certificate before it had not ended");
  assert.equal((await leafd.stop()).code, 0);
  assert.equal(await pki.issued(), leafd.seen("published").length);
});

test("`once` in an outage: a valid pair is enough, nothing is not", async () => {
  await using vault = await startTestVault();
  const { pki, place } = await scene(vault);
  await using _ = place;
  await place.configure({ web: { ttl: "1h" } });
  assert.equal((await place.run("once")).code, 0);
  await vault.seal();

  const valid = await place.run("once", ["--timeout", "20s"]);
  assert.deepEqual([valid.code, valid.stderr], [0, ""]);
  assert.match(valid.stdout, /^web: valid, ends in 59m \d+s\n$/);

  await place.configure({ web: {}, api: {} });
  const lacking = await place.run("once", ["--timeout", "2s"]);
  assert.equal(lacking.code, 1);
  const [api = "", hint, web = ""] = lacking.stdout.split("\n");
  const says = `write auth/approle/login at ${vault.address}: HTTP 503: Vault is sealed`;
  assert.equal(api, `api: FAILED, no certificate: sealed: ${says}`);
  assert.equal(hint, "  unseal Vault");
  assert.match(web, /^web: valid, ends in /);

  await place.configure({ web: {}, api: { required: false } });
  const optional = await place.run("once", ["--timeout", "2s"]);
  assert.equal(optional.code, 0);
  assert.match(optional.stdout, /^api: failed \(not required\), no certificate: sealed: /);
  await vault.unseal();
  assert.equal(await pki.issued(), 1);
});

// The embedded server keeps nothing, so it cannot come back.
if ((await findOpenBao()) !== undefined)
  test("a server that is killed and comes back: its dead connections cost no attempt", async (t) => {
    await using vault = await startOpenBao({ persistent: true });
    const { pki, place } = await scene(vault);
    await using _ = place;
    await place.configure({ web: {} });
    await using leafd = place.start("run");
    await leafd.next("published");
    await vault.restart();
    await vault.unseal();
    await leafd.next("published", ({ cause }) => cause === "renewal_due");
    assert.equal((await leafd.stop()).code, 0);
    t.diagnostic(`${leafd.seen("logged_in").length} logins, ${leafd.seen("published").length} certificates`);
    assert.deepEqual(leafd.seen("rotation_failed"), []);
    assert.equal(await pki.issued(), leafd.seen("published").length);
  });
