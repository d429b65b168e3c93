import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { startNginx } from "../support/nginx.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { servedSerial } from "../support/served-serial.ts";
import { startTlsDependent, type TlsDependent } from "../support/tls-dependent.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* From the new pair on disk to the proof that its dependents serve it, with real dependents that do not do as they are told. */

async function scene(vault: TestVault, { ttl = "1h", noStore = false } = {}) {
  const policy = `path "pki/revoke" { capabilities = ["update"] }`;
  const pki = await setUpPki(vault, { roleSettings: { ttl, no_store: noStore }, policy });
  const place = await leafdPlace({ vault, pki });
  await place.configure({ web: {} });
  assert.equal((await place.run("once")).code, 0);
  return { pki, place, first: readPair(place.live("web")).serial };
}

const dependentOf = (place: LeafdPlace, options: { ignoreHup?: boolean; drain?: number } = {}) =>
  startTlsDependent({ directory: `${place.live("web")}/..data`, ...options });

/** How that dependent is told, and where it is seen; a reload is judged after a second. */
function toldBy({ pidFile, port }: TlsDependent) {
  const probe = { tls: `127.0.0.1:${port}`, serverName: "web.svc", settle: "1s" };
  return { probe, reload: [{ signal: { signal: "SIGHUP", pidFile } }] };
}

test("a broken configuration of nginx is not held against the pair: its reload waits until that is mended", async () => {
  await using vault = await startTestVault();
  const { place, first } = await scene(vault);
  await using _ = place;
  const { dir } = place;
  const port = await freePort();
  const pair = { certificate: `${place.live("web")}/tls.crt`, key: `${place.live("web")}/tls.key` };
  await using nginx = await startNginx({ dir, port, ...pair });
  const command = ["nginx", "-t", "-p", dir.path, "-c", "nginx.conf", "-e", "error.log"];
  await place.configure({
    web: {
      probe: { tls: `127.0.0.1:${port}`, serverName: "web.svc" },
      preReload: [{ exec: { command } }],
      reload: [{ signal: { signal: "SIGHUP", pidFile: nginx.pidFile } }],
      escalate: [{ signal: { signal: "SIGTERM", pidFile: nginx.pidFile } }],
    },
  });
  await using leafd = place.start("run");
  await leafd.next("confirmed", ({ serial }) => serial === first);
  const sound = await readFile(dir.join("nginx.conf"), "utf8");
  await writeFile(dir.join("nginx.conf"), sound.replace("events {}", "evnets {}"));

  await place.run("renew", ["web"]);
  const failed = await leafd.next("reload_failed");
  assert.equal(failed.reason, "dependent_broken");
  assert.match(failed.msg, /evnets/, "what nginx says of it");
  await leafd.next("reload_failed");
  const renewed = readPair(place.live("web")).serial;
  assert.notEqual(renewed, first);
  assert.equal(await servedSerial(port), first, "nginx goes on with what it has");

  await writeFile(dir.join("nginx.conf"), sound);
  await leafd.next("confirmed", ({ serial }) => serial === renewed);
  // An old worker may take a last connection after the one that the probe met.
  await waitFor(async () => (await servedSerial(port)) === renewed, { what: "the renewed certificate" });
  assert.deepEqual([leafd.seen("rolled_back"), leafd.seen("escalated")], [[], []]);
});

test("a pair that the dependent refuses is taken back, and offered again without another certificate", async () => {
  await using vault = await startTestVault();
  const { pki, place, first } = await scene(vault);
  await using _ = place;
  await using dependent = await dependentOf(place);
  await dependent.refuse({ but: first });
  const preReload = [{ exec: { command: dependent.check } }];
  const web = { ...toldBy(dependent), preReload };
  await place.configure({ web });
  {
    await using leafd = place.start("run");
    await leafd.next("confirmed");
    await place.configure({ web: { ...web, identity: { commonName: "web.svc", dns: ["api.svc"] } } });
    const back = await leafd.next("rolled_back");
    assert.equal(back.reason, "dependent_refused");
    const failed = await leafd.next("rotation_failed");
    assert.deepEqual([failed.reason, failed["stage"]], ["dependent_refused", "reload"]);
    assert.match(failed.msg, /test of the certificate [0-9a-f]+ failed/, "what its check says");
    const pair = readPair(place.live("web"));
    assert.deepEqual([pair.serial, pair.whole], [first, true]);
    const status = await place.run("status", ["--json"]);
    assert.equal(JSON.parse(status.stdout).services[0].reason, "dependent_refused");
    assert.equal((await leafd.stop()).code, 0);
    assert.equal(await servedSerial(dependent.port), first);
    assert.equal(
      leafd.seen("reloaded").length,
      1,
      "told of the first pair, as the configuration says now, and no other",
    );
  }
  assert.equal(await pki.issued(), 2);
  await dependent.refuse("nothing");
  await using leafd = place.start("run");
  const { serial = "" } = await leafd.next("confirmed", ({ serial: live }) => live !== first);
  assert.equal(await servedSerial(dependent.port), serial);
  assert.match(readPair(place.live("web")).leaf.subjectAltName ?? "", /api\.svc/);
  assert.equal(await pki.issued(), 2);
});

test("a dependent that ignores SIGHUP is told again, and then what escalate says brings it round", async (t) => {
  await using vault = await startTestVault();
  const { pki, place, first } = await scene(vault);
  await using _ = place;
  await using dependent = await dependentOf(place, { ignoreHup: true });
  const { pidFile } = dependent;
  const escalate = [{ signal: { signal: "SIGUSR2", pidFile } }];
  await place.configure({ web: { ...toldBy(dependent), escalate } });
  await using leafd = place.start("run");
  await leafd.next("confirmed");
  await place.run("renew", ["web"]);
  const told = await leafd.next("delivered");
  const failed = await leafd.next("proof_failed");
  assert.deepEqual([failed["outcome"], failed.reason], ["not_live", "not_live"]);
  assert.match(failed.msg, new RegExp(`serves the certificate ${first}`));
  const escalated = await leafd.next("escalated");
  assert.deepEqual([escalated["step"], escalated["method"]], [1, "signal"]);
  const confirmed = await leafd.next("confirmed");
  assert.equal(await servedSerial(dependent.port), readPair(place.live("web")).serial);
  const since = (line: { time: string }) => Date.parse(line.time) - Date.parse(told.time);
  t.diagnostic(`seen after ${since(failed)} ms, live after ${since(confirmed)} ms`);
  assert.equal(leafd.seen("proof_failed").length, 2);
  assert.equal(await pki.issued(), 2);
});

test("old workers that drain are waited for", async () => {
  await using vault = await startTestVault();
  const { place } = await scene(vault);
  await using _ = place;
  await using dependent = await dependentOf(place, { drain: 1500 });
  const { probe, reload } = toldBy(dependent);
  // Two looks at a time, so that an old worker and a new one answer together.
  await place.configure({ web: { reload, probe: [1, 2].map(() => ({ ...probe, settle: "5s" })) } });
  await using leafd = place.start("run");
  await leafd.next("confirmed");
  await place.run("renew", ["web"]);
  await leafd.next("proof_pending", ({ outcome }) => outcome === "not_live");
  await leafd.next("confirmed");
  await dependent.said("drained");
  assert.deepEqual(leafd.seen("proof_failed"), []);
  assert.equal(leafd.seen("reloaded").length, 2, "one for each pair");
});

for (const noStore of [false, true])
  test(`the certificate before is revoked once the new one is live, ${noStore ? "also where the role stores none" : "and not before"}`, async () => {
    await using vault = await startTestVault();
    const { place, first } = await scene(vault, { noStore });
    await using _ = place;
    await using dependent = await dependentOf(place, { ignoreHup: true });
    const escalate = [{ signal: { signal: "SIGUSR2", pidFile: dependent.pidFile } }];
    await place.configure({ web: { ...toldBy(dependent), escalate, revokeOld: true } });
    await using leafd = place.start("run");
    await leafd.next("confirmed");
    await place.run("renew", ["web"]);
    await leafd.next("proof_failed");
    assert.equal(await revokedAt(vault, first), 0);
    const revoked = await leafd.next("revoked");
    assert.equal(revoked.serial, first);
    assert.ok((await revokedAt(vault, first)) > 0);
    assert.equal(await revokedAt(vault, readPair(place.live("web")).serial), 0);
    assert.ok(leafd.log.findIndex(({ event }) => event === "revoked") > leafd.log.findLastIndex(isConfirmed));
  });

const isConfirmed = ({ event }: { readonly event: string }): boolean => event === "confirmed";

/** When the server revoked it, in seconds; 0: it did not. */
async function revokedAt(vault: TestVault, serial: string): Promise<number> {
  const named = serial.padStart(serial.length + (serial.length % 2), "0").replace(/..(?=.)/g, "$&:");
  const { status, body } = await vault.request("GET", `pki/cert/${named}`);
  return status === 404 ? 0 : Number(body.data["revocation_time"]);
}
