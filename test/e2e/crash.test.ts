import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { killAtRandom, killBeforeReload, mostCertificates, NOTE_RELOAD, notedReloads } from "../support/kill-drills.ts";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault } from "../support/vault-server.ts";
import { watchPair } from "../support/watcher.ts";

test("killed between the commit and the reload: exactly one reload after the restart", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  await place.configure({ web: { reload: [{ exec: { command: [NOTE_RELOAD, place.dir.join("told")] } }] } });
  const certificates = await killBeforeReload(place);
  const pair = readPair(place.live("web"));

  await using second = place.start("run");
  const found = await second.next("recovered");
  assert.deepEqual([found.serial, found["reloadOwed"]], [pair.serial, true]);
  await second.next("delivered");
  await second.stop("SIGKILL");
  assert.deepEqual(notedReloads(place), ["reload_owed"]);

  await using third = place.start("run");
  assert.equal((await third.next("recovered"))["reloadOwed"], false);
  await third.stop();
  assert.deepEqual(notedReloads(place), ["reload_owed"]);
  assert.equal(await pki.issued(), certificates);
});

test("killed during a reload: it is repeated, and what comes after it happens once", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  const [begun, gate, told] = [place.dir.join("begun"), place.dir.join("gate"), place.dir.join("told")];
  const reload = [{ exec: { command: [NOTE_RELOAD, begun, gate] } }, { exec: { command: [NOTE_RELOAD, told] } }];
  await place.configure({ web: { reload } });
  await using first = place.start("run");
  await first.next("reload_started");
  await first.stop("SIGKILL");

  writeFileSync(gate, "");
  await using second = place.start("run");
  await second.next("delivered");
  await second.stop();
  assert.ok(notedReloads(place, "begun").includes("reload_owed"), "the interrupted step was repeated");
  assert.deepEqual(notedReloads(place), ["reload_owed"]);
  assert.equal(await pki.issued(), 1);
});

test("killed at random times for 20 s under certificates of 8 s: no gap, no torn read, no storm", async (t) => {
  const [ttl, duration] = [8_000, 20_000];
  await using vault = await startTestVault();
  const pki = await setUpPki(vault, { roleSettings: { ttl: `${ttl / 1000}s`, no_store: false } });
  await using place = await leafdPlace({ vault, pki });
  const live = place.live("web");
  await place.configure({ web: { renewAt: "50%", reload: [{ touch: place.dir.join("told") }] } });
  const began = Date.now();
  await using first = place.start("run");
  await first.next("published");
  await using reader = await watchPair(live);
  await first.stop("SIGKILL");

  const { kills, lost } = await killAtRandom(place, began + duration - Date.now());
  await using last = place.start("run");
  await last.next("recovered");
  const issued = await pki.issued();
  const seen = await reader.report();

  const most = mostCertificates(ttl, Date.now() - began) + lost;
  t.diagnostic(`${kills} kills, ${issued} issued (${most} allowed, ${lost} of them lost in a kill)`);
  t.diagnostic(
    `${seen.reads} reads of ${seen.generations} pairs: ${seen.torn} torn, ${seen.missing} missing, ${seen.expired} expired`,
  );
  assert.deepEqual([seen.torn, seen.missing, seen.expired], [0, 0, 0]);
  assert.ok(seen.generations >= 3, "the certificate was renewed all the same");
  assert.ok(issued <= most, `${issued} certificates were issued, ${most} are allowed`);
  assert.ok(kills >= 3, `only ${kills} kills`);
});
