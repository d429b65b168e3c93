import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* An operator holds services still: what he is answered, what the status shows, and what a restart keeps. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

test("pause, renew by force, restart, resume: each is answered and shown", async () => {
  await using place = await leafdPlace({ vault, pki });
  await place.configure({ api: {}, web: { reload: [{ touch: place.dir.join("told") }] } });
  const first = place.start("run");
  await first.each("published", "api");
  await first.each("delivered", "web");
  const { serial } = readPair(place.live("web"));

  const paused = await place.run("pause", ["web", "--for", "2h"]);
  assert.deepEqual([paused.code, paused.stderr], [0, ""]);
  assert.match(paused.stdout, new RegExp(`^web: paused until ${TIME}\n$`));
  const until = String((await first.next("paused"))["until"]);
  const status = await place.run("status");
  assert.ok(status.stdout.includes(`paused until ${until}`), status.stdout);
  const { services } = JSON.parse((await place.run("status", ["web", "--json"])).stdout);
  assert.equal(services[0].pausedUntil, until);

  const refused = await place.run("renew", ["--all"]);
  const answers = `api: renewal queued\nweb: paused until ${until}; resume it, or renew it with --force\n`;
  assert.deepEqual([refused.code, refused.stdout], [1, answers]);
  await first.next("published");
  const forced = await place.run("renew", ["web", "--force", "--json"]);
  const queued = [{ service: "web", accepted: true, message: "renewal queued" }];
  assert.deepEqual([forced.code, JSON.parse(forced.stdout)], [0, queued]);
  assert.equal((await first.next("renewal_requested"))["force"], true);
  await first.next("delivered");
  assert.notEqual(readPair(place.live("web")).serial, serial);

  const long = await place.run("pause", ["--all", "--for", "7d"]);
  assert.equal(long.code, 0);
  assert.match(long.stderr, new RegExp(`^api: warning: its certificate ends at ${TIME}, within the pause\nweb: warn`));
  assert.equal((await first.stop()).code, 0);

  await using second = place.start("run");
  const again = [await second.next("paused"), await second.next("paused")];
  assert.deepEqual(new Set(again.map(({ service }) => service)), new Set(["api", "web"]));
  await second.each("recovered", "api", "web");
  const resumed = await place.run("resume", ["--all"]);
  assert.deepEqual([resumed.code, resumed.stdout, resumed.stderr], [0, "api: resumed\nweb: resumed\n", ""]);
  assert.equal((await second.next("resumed"))["by"], "operator");
  assert.equal((await place.run("status")).stdout.includes("paused"), false);
  const renewed = await place.run("renew", ["web"]);
  assert.equal(renewed.code, 0);
  await second.next("published");
});

test("what comes due in a pause is done at its end, and not before", async () => {
  await using place = await leafdPlace({ vault, pki });
  const told = { reload: [{ touch: place.dir.join("told") }] };
  await place.configure({ web: told });
  await using leafd = place.start("run");
  await leafd.next("delivered");
  const { serial } = readPair(place.live("web"));
  const issued = await pki.issued();
  assert.equal((await place.run("pause", ["--all"])).code, 0);

  const identity = { commonName: "web.svc", dns: ["web.svc", "www.web.svc"] };
  await place.configure({ web: { identity, reload: [{ touch: place.dir.join("told-too") }] } });
  assert.equal((await leafd.next("recovered"))["outdated"], "request_changed");
  const { services } = JSON.parse((await place.run("status", ["--json"])).stdout);
  assert.equal(services[0].nextAt, services[0].pausedUntil);
  assert.equal(readPair(place.live("web")).serial, serial);
  assert.equal(await pki.issued(), issued);
  assert.ok(!existsSync(place.dir.join("told-too")));

  assert.equal((await place.run("resume", ["web"])).code, 0);
  await leafd.next("resumed");
  await leafd.next("published");
  await leafd.next("delivered");
  assert.equal(await pki.issued(), issued + 1);
});
