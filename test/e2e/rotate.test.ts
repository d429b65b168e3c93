import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { leafdPlace } from "../support/leafd-place.ts";
import type { LeafdProcess } from "../support/leafd-process.ts";
import { startNginx } from "../support/nginx.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault } from "../support/vault-server.ts";
import { type ClientReport, watchPair, watchServer } from "../support/watcher.ts";

/* The main promise, with nothing between it and the judge: real processes, a real Vault, a real nginx, real handshakes. */

const TTL = 12_000;
const GENERATIONS = 6;
/** After a reload nginx's old workers may still answer who had connected before; this is far more than they take. */
const HANDOVER = 3_000;

test("certificates of 12 s rotate under a real nginx, and no handshake fails", async (t) => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault, { roleSettings: { ttl: `${TTL / 1000}s`, no_store: false } });
  await using place = await leafdPlace({ vault, pki });
  const { dir } = place;
  await writeFile(dir.join("roots.pem"), pki.root);
  const port = await freePort();
  const reload = [{ signal: { signal: "SIGHUP", pidFile: dir.join("nginx.pid") } }];
  await place.configure({ web: { reload } });

  const began = Date.now();
  await using leafd = place.start("run");
  // There is no nginx yet: nothing to tell is told.
  await leafd.next("delivered");
  const pair = { certificate: `${place.live("web")}/tls.crt`, key: `${place.live("web")}/tls.key` };
  await using _nginx = await startNginx({ dir, port, ...pair });
  await using reader = await watchPair(place.live("web"));
  await using client = await watchServer(port, "web.svc", dir.join("roots.pem"));

  while (leafd.seen("published").length < GENERATIONS) await leafd.next("delivered");
  await client.said(readPair(place.live("web")).serial);
  const elapsed = Date.now() - began;
  const issued = await pki.issued();
  const [shaken, read] = await Promise.all([client.report(), reader.report()]);
  assert.equal((await leafd.stop()).code, 0);

  const most = Math.floor(elapsed / (TTL / 2)) + 1;
  t.diagnostic(`${GENERATIONS} generations in ${Math.round(elapsed / 1000)} s, ${issued} issued (${most} allowed)`);
  t.diagnostic(`${shaken.handshakes} handshakes, ${shaken.failures.length} failed`);
  t.diagnostic(`${read.reads} reads: ${read.torn} torn, ${read.missing} missing, ${read.expired} of an expired leaf`);
  assert.deepEqual(shaken.failures, []);
  assert.deepEqual(
    { ...read, reads: 0, generations: 0 },
    { reads: 0, generations: 0, torn: 0, missing: 0, expired: 0 },
  );
  assert.ok(read.generations >= GENERATIONS - 1, `the reader saw ${read.generations} generations`);
  assert.ok(issued <= most, `${issued} certificates were issued, ${most} are allowed`);
  assert.equal(issued, leafd.seen("published").length, "each certificate that was issued was published");
  assertFollows(leafd, shaken);
});

/** Each serial is served soon after its reload, and the one before it no more. */
function assertFollows(leafd: LeafdProcess, { served }: ClientReport): void {
  const published = leafd.seen("published");
  const reloaded = leafd.seen("reloaded").map(({ time }) => Date.parse(time));
  const latency: number[] = [];
  for (const [index, { serial = "" }] of published.entries()) {
    const seen = served[serial] ?? assert.fail(`no handshake was given ${serial}, generation ${index + 1}`);
    const told = reloaded[index] ?? assert.fail(`nobody was told of generation ${index + 1}`);
    if (index > 0) latency.push(seen.first - told);
    const next = reloaded[index + 1];
    if (next !== undefined) assert.ok(seen.last <= next + HANDOVER, `${serial} was served long after its successor`);
  }
  assert.equal(Object.keys(served).length, published.length, "no other serial was served");
  assert.ok(Math.max(...latency) < HANDOVER, `a new serial was served only after ${Math.max(...latency)} ms`);
}
