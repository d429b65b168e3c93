import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { type LeafdPlace, leafdPlace, type Services } from "../support/leafd-place.ts";
import { assertLints } from "../support/metrics-lint.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* What an operator, a probe and Prometheus ask a leafd, running or not. */

let vault: TestVault;
let pki: TestPki;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
});
after(() => vault.stop());

/** Without `23h 59m 58s`, which depends on how long the test takes; a serial may begin or end like one. */
const withoutDurations = (text: string) =>
  text.replaceAll(/(?<![\w…])\d+[dhms](?: \d+[hms])*(?![\w…])/g, "DURATION").replaceAll(/ +/g, " ");
const shortSerial = (serial: string) => `${serial.slice(0, 8)}…${serial.slice(-4)}`;

suite("status", () => {
  test("of a running leafd, then of what it leaves on disk", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ api: {}, web: { reload: [{ touch: place.dir.join("told") }] } });
    await using leafd = place.start("run");
    await leafd.each("published", "api", "web");
    await leafd.each("delivered", "web");
    const [api, web] = ["api", "web"].map((name) => readPair(place.live(name)).serial);

    const running = await place.run("status");
    assert.equal(
      withoutDurations(running.stdout),
      [
        "SERVICE STATE SERIAL EXPIRES IN RENEWAL IN ISSUER RELOAD REASON",
        `api ok ${shortSerial(api ?? "")} DURATION DURATION main done`,
        `web ok ${shortSerial(web ?? "")} DURATION DURATION main done`,
        "",
        `cluster default: ${vault.address} is up, token ends in DURATION`,
        "",
      ].join("\n"),
    );
    assert.deepEqual([running.code, running.stderr], [0, ""]);
    const json = await place.run("status", ["web", "--json"]);
    const status = JSON.parse(json.stdout);
    assert.deepEqual([status.pid, status.services.length], [leafd.pid, 1]);
    const { serial, state, nextAction, nextAt, due, names } = status.services[0];
    assert.deepEqual([serial, state, nextAction, nextAt], [web, "ok", "issue", due]);
    assert.deepEqual(names.commonName, "web.svc");
    assert.match(due, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const unknown = await place.run("status", ["nope"]);
    assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
    assert.equal(unknown.stderr, 'leafd status: there is no service "nope"\n  The services are: api, web.');
    assert.equal((await leafd.stop()).code, 0);
    const [stopping, end] = [...leafd.seen("stopping"), ...leafd.seen("stopped")];
    const took = Date.parse(end?.time ?? "") - Date.parse(stopping?.time ?? "");
    assert.ok(Math.abs(Number(end?.["tookMs"]) - took) <= 5, `${end?.msg}, and the log says ${took} ms`);

    const stopped = await place.run("status", ["web", "--json"]);
    assert.deepEqual([stopped.code, stopped.stderr], [0, "leafd is not running; this is what is on disk:"]);
    const { pid, services } = JSON.parse(stopped.stdout);
    const [onDisk] = services;
    assert.deepEqual([pid, onDisk.serial, onDisk.state, onDisk.delivered], [0, web, "ok", true]);
    assert.deepEqual([onDisk.nextAction, onDisk.due, onDisk.nextAt], ["issue", due, nextAt]);
  });

  test("of nothing", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    const { code, stdout, stderr } = await place.run("status");
    assert.deepEqual([code, stderr], [1, "leafd is not running; this is what is on disk:"]);
    assert.match(stdout, /^web +missing +- +- +- +main +-$/m);
  });
});

suite("renew", () => {
  test("one service, all services, and none of that name", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ api: {}, web: {} });
    await using leafd = place.start("run");
    await leafd.each("published", "api", "web");
    const first = readPair(place.live("web"));

    const one = await place.run("renew", ["web"]);
    assert.deepEqual([one.code, one.stdout, one.stderr], [0, "web: renewal queued\n", ""]);
    const published = await leafd.next("published");
    assert.deepEqual([published.service, published["cause"]], ["web", "forced"]);
    assert.notEqual(readPair(place.live("web")).serial, first.serial);

    const all = await place.run("renew", ["--all", "--json"]);
    assert.equal(all.code, 0);
    assert.deepEqual(
      JSON.parse(all.stdout),
      ["api", "web"].map((service) => ({ service, accepted: true, message: "renewal queued" })),
    );
    const renewed = [await leafd.next("published"), await leafd.next("published")];
    assert.deepEqual(new Set(renewed.map(({ service }) => service)), new Set(["api", "web"]));

    const none = await place.run("renew", ["web", "nope"]);
    assert.deepEqual([none.code, none.stdout], [1, "web: renewal queued\nnope: there is no such service\n"]);
    const vague = await place.run("renew");
    assert.equal(vague.code, 2);
    assert.match(vague.stderr, /^leafd renew: name the services, or say --all\n/);
  });

  test("when no leafd runs", async () => {
    await using place = await leafdPlace({ vault, pki });
    await place.configure({ web: {} });
    const { code, stdout, stderr } = await place.run("renew", ["web"]);
    assert.deepEqual([code, stdout], [69, ""]);
    assert.equal(
      stderr,
      `leafd renew: no leafd is running that listens at ${place.dir.join("state/control/admin.sock")}\n` +
        "  Start it, or name its configuration with --config.",
    );
  });
});

suite("over HTTP", () => {
  async function observed(place: LeafdPlace, services: Services) {
    const port = await freePort();
    await place.configure(services, { observe: { listen: `127.0.0.1:${port}` } });
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, text: await response.text() };
    };
    return { get, listens: () => waitFor(() => get("/livez"), { what: "the listener", within: 30_000 }) };
  }

  test("health: alive at once, ready with the first certificate, never because of Vault alone", async () => {
    await using place = await leafdPlace({ vault, pki });
    const { get, listens } = await observed(place, { web: {}, extra: { required: false } });
    await vault.seal();
    await using leafd = place.start("run");
    assert.deepEqual(await listens(), { status: 200, text: "ok\n" });
    await leafd.each("rotation_failed", "extra", "web");
    const lacking = "[ ]extra no certificate yet: sealed (not required)\n[-]web no certificate yet: sealed\n";
    const unready = { status: 503, text: `${lacking}readyz check failed\n` };
    assert.deepEqual(await get("/readyz"), unready);
    assert.equal((await get("/startupz")).status, 503);
    await vault.unseal();
    await leafd.each("published", "extra", "web");
    assert.deepEqual(await get("/readyz"), { status: 200, text: "ok\n" });
    assert.deepEqual(await get("/startupz"), { status: 200, text: "ok\n" });
    assert.match(
      (await get("/readyz?verbose")).text,
      /^\[\+\]extra valid for 23h 59m \(not required\)\n\[\+\]web valid/,
    );

    await vault.seal();
    const renewal = await place.run("renew", ["web"]);
    assert.equal(renewal.code, 0);
    await leafd.next("rotation_failed");
    assert.deepEqual(await get("/livez"), { status: 200, text: "ok\n" });
    assert.equal((await get("/readyz")).status, 200);
    await vault.unseal();
  });

  test("metrics: what Prometheus sees is what is on disk and what has happened", async () => {
    await using place = await leafdPlace({ vault, pki });
    const { get } = await observed(place, { web: { reload: [{ touch: place.dir.join("told") }] } });
    await using leafd = place.start("run");
    await leafd.next("delivered");
    await place.run("renew", ["web"]);
    await leafd.next("delivered");
    const { leaf, serial } = readPair(place.live("web"));
    const { status, text } = await waitFor(() => get("/metrics"), { what: "the listener" });
    assert.equal(status, 200);
    const value = (series: string) =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${series} `))
          ?.split(" ")[1],
      );
    const service = '{service="web"}';
    const end = leaf.validToDate.getTime() / 1000;
    assert.equal(value(`leafd_certificate_not_after_timestamp_seconds${service}`), end);
    assert.equal(
      value(`leafd_certificate_not_before_timestamp_seconds${service}`),
      leaf.validFromDate.getTime() / 1000,
    );
    const due = value(`leafd_certificate_renewal_due_timestamp_seconds${service}`);
    assert.ok(due > Date.now() / 1000 && due < end, `renewal is due at ${due}`);
    assert.equal(value(`leafd_certificate_valid${service}`), 1);
    assert.equal(value('leafd_served_matches_disk{service="web",known_by="reload"}'), 1);
    assert.equal(value('leafd_issuance_duration_seconds_count{issuer="main"}'), 2);
    assert.ok(value('leafd_issuing_ca_not_after_timestamp_seconds{issuer="main"}') > end);
    assert.ok(value("leafd_trust_bundle_not_after_timestamp_seconds") > end);
    assert.ok(value("leafd_scheduler_last_tick_timestamp_seconds") > Date.now() / 1000 - 60);
    assertLints(text);
    assert.equal(value('leafd_issuance_attempts_total{issuer="main",result="issued"}'), 2);
    assert.equal(value('leafd_issuance_attempts_total{issuer="main",result="failed"}'), 0);
    assert.equal(value('leafd_rotation_failures_total{issuer="main",reason="sealed"}'), 0);
    assert.equal(value('leafd_publications_total{cause="forced"}'), 1);
    assert.equal(value('leafd_reloads_total{method="touch",result="ok"}'), 2);
    assert.equal(value('leafd_logins_total{cluster="default",result="ok"}'), 1);
    assert.equal(value('leafd_cluster_up{cluster="default"}'), 1);
    const info = text.split("\n").filter((line) => line.startsWith("leafd_certificate_info{"));
    assert.equal(info.length, 1, "one series, of the certificate on disk");
    assert.match(info[0] ?? "", new RegExp(`serial="${serial}"`));
    assert.ok(text.split("\n").filter((line) => line.includes('service="web"')).length <= 12);
  });
});
