import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import type { LogLine } from "../support/leafd-process.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";

/* Why a service is as it is, and whether what is foretold of an outage is what then happens. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

interface Foretold {
  readonly kind: string;
  readonly at: string;
}

/** What an explanation in JSON foretells: the time of the first of each kind. */
async function foretold(place: LeafdPlace): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await place.run("explain", ["web", "--json"]);
  const outage: readonly Foretold[] = JSON.parse(stdout).outage;
  return new Map(outage.toReversed().map(({ kind, at }) => [kind, Date.parse(at)]));
}

suite("explain", () => {
  test("foretells an outage that then comes as foretold", async (t) => {
    await using place = await leafdPlace({ vault, pki });
    const outage = { reserve: { ttl: "36s", role: pki.role }, atExpiry: "keep" };
    await place.configure({ web: { ttl: "18s", reload: [{ touch: place.dir.join("told") }], outage } });
    await using leafd = place.start("run");
    await leafd.each("delivered", "web");
    await leafd.each("reserved", "web");
    await vault.seal();
    const times = await foretold(place);
    assert.deepEqual([...times.keys()].toSorted(), ["asked", "away", "due", "expired", "reloaded", "reserve_used"]);

    const came = async (kind: string, next: Promise<LogLine>) => {
      const late = Date.parse((await next).time) - (times.get(kind) ?? 0);
      t.diagnostic(`${kind}: ${late} ms after the second that was foretold`);
      // Seconds are cut off in JSON, and an attempt takes a moment on this machine.
      assert.ok(late >= 0 && late < 4000, `${kind}: ${late} ms`);
    };
    await came("asked", leafd.next("rotation_failed"));
    await came(
      "away",
      leafd.next("issuer_circuit", ({ issuer }) => issuer === "main"),
    );
    const running = await place.run("explain", ["web"]);
    assert.equal(running.code, 0);
    assert.match(
      running.stdout,
      /^web: retrying: a good pair is on disk; the last attempt to replace it failed, or there is nobody to ask$/m,
    );
    assert.match(running.stdout, /^ {2}failing +rotation \(issue\): sealed: .*Vault is sealed$/m);
    assert.match(running.stdout, /^ +to do: unseal Vault\n +see docs\/operations\.md#sealed$/m);
    assert.match(running.stdout, /^ {2}issuers +issuer main: away for .*\(sealed\)/m);
    await came(
      "reserve_used",
      leafd.next("published", ({ cause }) => cause === "reserve_used"),
    );
    await came("reloaded", leafd.next("delivered"));
    await came("expired", leafd.next("expired"));
    await vault.unseal();
  });

  test("without a running leafd, from disk; and of a service that is not there", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ payments: { ttl: "24h", outage: { survive: "12h" } }, web: {} });
    assert.equal((await place.run("once")).code, 0);
    const disk = await place.run("explain", ["payments"]);
    assert.deepEqual(
      [disk.code, disk.stderr],
      [0, "leafd is not running; this is what one that starts now would go on from:"],
    );
    assert.match(disk.stdout, /^payments: ok: /);
    assert.match(disk.stdout, /because outage\.survive leaves 12h, and a margin of 10m is left before the end/);
    assert.match(disk.stdout, /^ {2}budget +1 of \d+ certificates within the last hour$/m);
    assert.match(disk.stdout, /^ {2}\S+Z {2}in 23h \w+ +the pair ends, and there is no other; at expiry: keep$/m);

    const unknown = async (name: string) => {
      const { code, stdout, stderr } = await place.run("explain", [name]);
      assert.deepEqual([code, stdout], [1, ""]);
      return stderr;
    };
    const meant = 'leafd explain: there is no service "paymets"\n  Did you mean "payments"?';
    const listed = 'there is no service "??[2J../x"\n  The services are: payments, web.';
    assert.equal(await unknown("paymets"), meant);
    assert.ok((await unknown("\u001b\u202e[2J../x")).endsWith(listed));
    await using leafd = place.start("run");
    await leafd.each("recovered", "payments", "web");
    assert.equal(await unknown("paymets"), meant, "a running leafd says the same");
    assert.ok((await unknown("\u001b\u202e[2J../x")).endsWith(listed));
    const vague = await place.run("explain", ["web", "payments"]);
    assert.equal(vague.code, 2);
    assert.match(vague.stderr, /^leafd explain: name one service\nUsage: leafd explain SERVICE/);
  });
});
