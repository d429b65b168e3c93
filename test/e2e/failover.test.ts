import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { Rung } from "../../src/domain/rungs.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { findOpenBao } from "../support/openbao-binary.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startOpenBao, type TestVault } from "../support/vault-server.ts";

/* Two real clusters with a root each: the ladder down to the second one, down to the reserve, and back. */

/** Renewal is due after 11 to 13 s; the window until the end is then 7 to 9 s long. */
const TTL = 20_000;
const FAILOVER_AFTER = 1_000;

interface Site extends AsyncDisposable {
  readonly main: TestVault;
  readonly dr: TestVault;
  readonly pki: TestPki;
  readonly drPki: TestPki;
  readonly place: LeafdPlace;
  /** The service `web` of both clusters with this outage policy. */
  configure(outage: Readonly<Record<string, unknown>>): Promise<void>;
}

async function site(): Promise<Site> {
  await using resources = new AsyncDisposableStack();
  const main = resources.use(await startOpenBao());
  const dr = resources.use(await startOpenBao());
  const roleSettings = { ttl: `${TTL / 1000}s`, no_store: false };
  const policy = `path "pki/sign/svc-reserve" { capabilities = ["update"] }`;
  const pki = await setUpPki(main, { roleSettings, policy });
  const { data: role } = await main.root("GET", "pki/roles/svc");
  await main.root("POST", "pki/roles/svc-reserve", { ...role, ttl: "1h" });
  const drPki = await setUpPki(dr, { roleSettings });
  const place = resources.use(await leafdPlace({ vault: main, pki }));
  const secretIdFile = place.dir.join("dr-secret-id");
  await writeFile(secretIdFile, drPki.secretId, { mode: 0o600 });
  const settings = {
    clusters: { dr: { address: dr.address, auth: { approle: { roleId: drPki.roleId, secretIdFile } } } },
    issuers: { main: { vault: { mount: "pki", role: "svc" } }, dr: { vault: { cluster: "dr", role: "svc" } } },
  };
  const kept = resources.move();
  return {
    main,
    dr,
    pki,
    drPki,
    place,
    configure: (outage) => place.configure({ web: { issuers: ["main", "dr"], outage } }, settings),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What `leafd status --json` says of the service, and whether it calls its pair good. */
async function status(place: LeafdPlace) {
  const { code, stdout } = await place.run("status", ["--json"]);
  const { services, issuers } = JSON.parse(stdout);
  const ladder: readonly Rung[] = services[0].ladder;
  const rung = (name: string) => ladder.find((each) => (each.name ?? each.kind) === name);
  return { code, service: services[0], issuers, ladder, rung };
}

const at = ({ time }: { readonly time: string }) => Date.parse(time);

if ((await findOpenBao()) !== undefined) {
  test("main sealed: dr takes over after failoverAfter; main back: home at the next natural renewal", async (t) => {
    await using here = await site();
    const { main, place, pki, drPki } = here;
    await here.configure({ failoverAfter: `${FAILOVER_AFTER}ms` });
    await using leafd = place.start("run");
    const first = await leafd.next("published");
    const before = await status(place);
    assert.deepEqual(
      before.ladder.map(({ kind, name, inUse }) => [kind, name, inUse]),
      [
        ["keep", undefined, true],
        ["issuer", "main", true],
        ["issuer", "dr", false],
        ["expiry", "keep", false],
      ],
    );
    await main.seal();
    const failed = await leafd.next("rotation_failed");
    assert.equal(failed.reason, "sealed");
    const changed = await leafd.next("rung_changed");
    assert.deepEqual(
      [changed["from"], changed["to"], changed["issuer"], changed.reason],
      ["primary", "failover", "dr", "sealed"],
    );
    const took = at(changed) - at(failed);
    assert.ok(took >= FAILOVER_AFTER && took < FAILOVER_AFTER + 2_000, `${took} ms after the first failure`);
    const over = await status(place);
    assert.deepEqual([over.code, over.service.rung, over.service.issuer], [0, "failover", "dr"]);
    assert.deepEqual([over.rung("dr")?.inUse, over.rung("main")?.inUse], [true, false]);

    await main.unseal();
    const back = await leafd.next("rung_changed");
    assert.deepEqual([back["from"], back["to"], back["issuer"]], ["failover", "primary", "main"]);
    const lived = at(back) - at(changed);
    assert.ok(lived > TTL * 0.55, `home ${lived} ms after the failover: not before renewal was due`);
    assert.equal((await leafd.stop()).code, 0);
    const asked = leafd.seen("rotation_failed").length;
    t.diagnostic(
      `dr after ${took} ms, home ${lived} ms later, ${asked} failures, ${at(changed) - at(first)} ms in all`,
    );
    assert.deepEqual([await pki.issued(), await drPki.issued()], [2, 1]);
  });

  test("both sealed: the reserve is published before the end, and the dependents never see an expired pair", async (t) => {
    await using here = await site();
    const { main, dr, place } = here;
    await here.configure({ failoverAfter: "1s", reserve: { ttl: "1h", role: "svc-reserve" } });
    await using leafd = place.start("run");
    await leafd.next("published");
    const reserved = await leafd.next("reserved");
    const before = await status(place);
    assert.equal(before.rung("reserve")?.available, true);
    const pair = readPair(place.live("web"));
    await Promise.all([main.seal(), dr.seal()]);
    const used = await leafd.next("published", ({ cause }) => cause === "reserve_used");
    assert.equal(used.serial, reserved.serial);
    const left = pair.leaf.validToDate.getTime() - at(used);
    assert.ok(left > 1_000, `${left} ms before the end`);
    assert.equal(readPair(place.live("web")).serial, reserved.serial);
    const failures = leafd.seen("rotation_failed").map(({ issuer }) => issuer);
    assert.deepEqual([failures[0], failures.includes("dr")], ["main", true], "down the ladder in its order");
    const after = await status(place);
    assert.deepEqual([after.code, after.service.rung, after.rung("reserve")?.inUse], [0, "reserve", true]);
    assert.deepEqual(
      after.issuers.map(({ name, circuit }: { name: string; circuit: string }) => [name, circuit]).slice(0, 1),
      [["main", "open"]],
    );
    assert.deepEqual(leafd.seen("expired"), []);
    // Not running any more, it says the same from the disk.
    assert.equal((await leafd.stop()).code, 0);
    const disk = await status(place);
    assert.deepEqual([disk.service.rung, disk.rung("reserve")?.inUse], ["reserve", true]);
    t.diagnostic(`${left} ms before the end, after ${failures.length} failures`);
  });
}
