import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault } from "../support/vault-server.ts";
import { watchPair } from "../support/watcher.ts";

/* SIGKILL: no handler runs, nothing is flushed, nothing is given back. */

const NOTE = join(import.meta.dirname, "../fixtures/note-reload.sh");

/** The causes of the reloads that were carried out so far. */
function reloads(place: LeafdPlace, file = "told"): readonly string[] {
  const path = place.dir.join(file);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

test("killed between the commit and the reload: exactly one reload after the restart", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  await place.configure({ web: { reload: [{ exec: { command: [NOTE, place.dir.join("told")] } }] } });
  const certificates = await killBeforeReload(place);
  const pair = readPair(place.live("web"));

  await using second = place.start("run");
  const found = await second.next("recovered");
  assert.deepEqual([found.serial, found["reloadOwed"]], [pair.serial, true]);
  await second.next("delivered");
  await second.stop("SIGKILL");
  assert.deepEqual(reloads(place), ["reload_owed"]);

  await using third = place.start("run");
  assert.equal((await third.next("recovered"))["reloadOwed"], false);
  await third.stop();
  assert.deepEqual(reloads(place), ["reload_owed"]);
  assert.equal(await pki.issued(), certificates);
});

/**
 * Kills leafd in the 0.3 s after its first commit, in which reloads gather. A kill that comes too late, on a machine that
 * is busy, shows nothing: then all is done again. Answers how many certificates that took.
 */
async function killBeforeReload(place: LeafdPlace): Promise<number> {
  for (let certificates = 1; ; certificates++) {
    await using leafd = place.start("run");
    await leafd.next("published");
    await leafd.stop("SIGKILL");
    if (leafd.seen("reload_started").length === 0) return certificates;
    await rm(place.live("web"), { recursive: true });
    await rm(place.dir.join("told"), { force: true });
  }
}

test("killed during a reload: it is repeated, and what comes after it happens once", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  const [begun, gate, told] = [place.dir.join("begun"), place.dir.join("gate"), place.dir.join("told")];
  const reload = [{ exec: { command: [NOTE, begun, gate] } }, { exec: { command: [NOTE, told] } }];
  await place.configure({ web: { reload } });
  await using first = place.start("run");
  await first.next("reload_started");
  await first.stop("SIGKILL");

  writeFileSync(gate, "");
  await using second = place.start("run");
  await second.next("delivered");
  await second.stop();
  assert.ok(reloads(place, "begun").includes("reload_owed"), "the interrupted step was repeated");
  assert.deepEqual(reloads(place), ["reload_owed"]);
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

  let [kills, lost, slowest] = [1, 0, 0];
  while (Date.now() < began + duration) {
    const begins = Date.now();
    await using leafd = place.start("run");
    await leafd.next("started");
    slowest = Math.max(slowest, Date.now() - begins);
    await delay(Math.random() * 2_000);
    // A leafd that lives too rarely cannot renew: when the next one might come too late, this one may finish.
    if (readPair(live).leaf.validToDate.getTime() - Date.now() < 3 * slowest) await leafd.next("published");
    await leafd.stop("SIGKILL");
    kills += 1;
    // What was asked for and neither published nor refused is lost: at most one certificate a kill.
    const ended = leafd.seen("published").length + leafd.seen("rotation_failed").length;
    lost += leafd.seen("rotation_started").length - ended;
  }
  await using last = place.start("run");
  await last.next("recovered");
  const issued = await pki.issued();
  const seen = await reader.report();

  // Renewal is due after half of the life, less a jitter of up to a tenth of it.
  const most = Math.floor((Date.now() - began) / (0.4 * ttl)) + 1 + lost;
  t.diagnostic(`${kills} kills, ${issued} issued (${most} allowed, ${lost} of them lost in a kill)`);
  t.diagnostic(
    `${seen.reads} reads of ${seen.generations} pairs: ${seen.torn} torn, ${seen.missing} missing, ${seen.expired} expired`,
  );
  assert.deepEqual([seen.torn, seen.missing, seen.expired], [0, 0, 0]);
  assert.ok(seen.generations >= 3, "the certificate was renewed all the same");
  assert.ok(issued <= most, `${issued} certificates were issued, ${most} are allowed`);
  assert.ok(kills >= 3, `only ${kills} kills`);
});
