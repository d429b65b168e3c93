import assert from "node:assert/strict";
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { servedSerial } from "../support/served-serial.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { bootMachine, type Machine } from "./machine.ts";
import {
  addDropIn,
  configure,
  configureNginx,
  deliver,
  exampleOf,
  INSTALL,
  install,
  property,
  statusOn,
} from "./place.ts";

/*
 * leafd as a service of a real systemd: one machine, from the installation to the removal. The tests follow one another.
 */

let vault: TestVault;
let pki: TestPki;
let machine: Machine;
let port: number;
before(async () => {
  vault = await startTestVault();
  pki = await setUpPki(vault);
  port = await freePort();
  machine = await bootMachine((line) => console.error(`# ${line}`));
  await deliver(machine);
});
after(async () => {
  await machine[Symbol.asyncDispose]();
  await vault.stop();
});

const LIVE = "/var/lib/leafd/live";
const serialOnDisk = (service: string) => readPair(machine.path(`${LIVE}/${service}`)).serial;
const mainPid = (unit: string) => property(machine, unit, "MainPID");
const journal = () => machine.ok("journalctl", "--unit=leafd", "--output=cat", "--no-pager");

/** `web` is renewed every few seconds and its nginx reloaded by systemd; `calm` lives long: a second serial is a waste. */
const SERVICES = {
  web: { ttl: "30s", reload: [{ systemd: "nginx.service" }] },
  calm: { ttl: "24h" },
};

/** `calm` still has the certificate it was first given, on disk and at the server. */
let first = "";
function costNothing(): void {
  assert.equal(serialOnDisk("calm"), first);
}

suite("leafd under systemd", () => {
  test("is not installed where services would find no Node", async () => {
    await machine.ok("sh", "-c", "mkdir /opt/node && mv /usr/local/bin/node /opt/node");
    const { code, text } = await machine.run("env", "PATH=/opt/node:/usr/bin:/bin", INSTALL);
    assert.deepEqual([code, /in the PATH of services/.test(text)], [1, true], text);
    assert.ok(!existsSync(machine.path("/usr/local/bin/leafd")));
    await machine.ok("mv", "/opt/node/node", "/usr/local/bin/node");
  });

  test("is installed, and asks for a configuration", async () => {
    assert.match(await install(machine), /Write \/etc\/leafd\/leafd\.yaml/);
    const score = await machine.run("systemd-analyze", "security", "--threshold=25", "--no-pager", "leafd.service");
    assert.equal(score.code, 0, score.text);
    console.error(`# ${score.text.trimEnd().split("\n").at(-1)?.replace("→ ", "")}`);
  });

  test("starts while Vault is down, at once and without a loop of restarts", async () => {
    await configure(machine, { vault, pki, services: SERVICES });
    cpSync(
      machine.path("/opt/leafd/deploy/systemd/leafd.polkit-rules.example"),
      machine.path("/etc/polkit-1/rules.d/50-leafd.rules"),
    );
    await vault.seal();
    await machine.ok("systemctl", "enable", "--now", "leafd.service");
    assert.equal(await property(machine, "leafd", "ActiveState"), "active");
    await waitFor(async () => (await journal()).includes('"reason":"sealed"'), { what: "the failure in the journal" });
    assert.equal(await property(machine, "leafd", "NRestarts"), "0");
    assert.match(await property(machine, "leafd", "StatusText"), /^2 services: 2 missing/);
  });

  test("holds nginx back until its first certificate is there", async () => {
    await configureNginx(machine, "web", port);
    await machine.ok("systemctl", "enable", "nginx.service");
    await machine.ok("systemctl", "start", "--no-block", "nginx.service");
    await waitFor(async () => (await property(machine, "leafd-once@web", "ActiveState")) === "activating", {
      what: "the gate to be waited at",
    });
    assert.equal(await property(machine, "nginx", "ActiveState"), "inactive");
    await vault.unseal();
    await waitFor(async () => (await property(machine, "nginx", "ActiveState")) === "active", {
      what: "nginx to start",
      within: 60_000,
    });
    assert.equal(await servedSerial(port), serialOnDisk("web"));
    first = await waitFor(() => serialOnDisk("calm"), { what: "the other pair", within: 30_000 });
  });

  test("has systemd reload nginx when a pair is rotated", async () => {
    const nginx = await mainPid("nginx");
    const old = await servedSerial(port);
    await waitFor(async () => (await servedSerial(port)) !== old, {
      what: "nginx to serve another",
      within: 60_000,
    });
    assert.equal(await mainPid("nginx"), nginx);
    assert.match(await journal(), /"event":"reloaded","service":"web","method":"systemd"/);
  });

  test("signals nginx itself, once a drop-in allows it", async () => {
    await addDropIn(machine, "leafd.service", await exampleOf("reload: [{ signal"));
    const web = { ttl: "30s", reload: [{ signal: { pidFile: "/run/nginx.pid" } }] };
    await configure(machine, { vault, pki, services: { ...SERVICES, web } });
    await machine.ok("systemctl", "restart", "leafd");
    const old = await servedSerial(port);
    await waitFor(async () => (await servedSerial(port)) !== old, { what: "nginx to serve another", within: 60_000 });
    assert.match(await journal(), /"event":"reloaded","service":"web","method":"signal"/);
  });

  test("gives keys to a group that a drop-in makes it a member of", async () => {
    await addDropIn(machine, "leafd.service", await exampleOf("output.group"));
    const ofGroup = (name: string) => ({ ttl: "24h", output: { directory: `${LIVE}/${name}`, group: "www-data" } });
    await machine.ok("install", "-d", "-o", "leafd", "-g", "www-data", "-m", "2750", `${LIVE}/theirs`);
    const shared = { ours: ofGroup("ours"), theirs: ofGroup("theirs") };
    await configure(machine, { vault, pki, services: { ...SERVICES, ...shared } });
    await machine.ok("systemctl", "restart", "leafd");
    for (const name of Object.keys(shared)) {
      await machine.ok("runuser", "-u", "leafd", "--", "leafd", "wait", "--timeout", "30s", name);
      await machine.ok("runuser", "-u", "www-data", "--", "cat", `${LIVE}/${name}/tls.key`);
    }
    costNothing();
  });

  test("loads its configuration again by systemctl reload", async () => {
    const leafd = await mainPid("leafd");
    await configure(machine, { vault, pki, services: { ...SERVICES, late: { ttl: "24h" } } });
    await machine.ok("systemctl", "reload", "leafd");
    await waitFor(() => existsSync(machine.path(`${LIVE}/late/..data`)), { what: "the new service", within: 30_000 });
    assert.equal(await mainPid("leafd"), leafd);
    costNothing();
  });

  test("costs no certificate by a restart, nor by an upgrade", async () => {
    await machine.ok("systemctl", "restart", "leafd");
    const said = await install(machine);
    assert.match(said, /upgraded from (\S+) to \1 and restarted; that cost no certificate/);
    assert.doesNotMatch(said, /root's/);
    const { services } = await statusOn(machine);
    assert.equal(services.find(({ name }) => name === "calm")?.serial, first);
    costNothing();
  });

  test("says that neither program comes up, and where to look, when it is the configuration", async () => {
    const config = machine.path("/etc/leafd/leafd.yaml");
    const good = readFileSync(config);
    appendFileSync(config, "bogus: 1\n");
    await assert.rejects(install(machine), /ended with 1: .*put back, does not either.*journalctl -u leafd/s);
    writeFileSync(config, good);
    await machine.ok("systemctl", "start", "leafd");
    costNothing();
  });

  test("goes on as it was when the program of an upgrade does not start", async () => {
    const release = machine.path("/opt/leafd/leafd.mjs");
    const good = readFileSync(release);
    const refuses = 'if (process.argv[2] === "version") console.log("leafd 9.9.9 (Node)"); else process.exit(78);\n';
    writeFileSync(release, `#!/usr/bin/env node\n${refuses}`);
    const { code, text } = await machine.run("/opt/leafd/deploy/systemd/install.sh");
    writeFileSync(release, good);
    assert.equal(code, 1, text);
    assert.match(text, /leafd 9\.9\.9 does not start; \S+ was put back and runs/);
    assert.deepEqual(readFileSync(machine.path("/usr/local/bin/leafd")), good);
    assert.ok(!existsSync(machine.path("/usr/local/bin/leafd.before")));
    assert.equal(await property(machine, "leafd", "ActiveState"), "active");
    costNothing();
  });

  test("is told of by its installation when root has left files that it cannot use", async () => {
    await machine.ok("touch", "/var/lib/leafd/of-root");
    assert.match(await install(machine), /are root's, .*\n.*`chown -R leafd: \/var\/lib\/leafd`/);
    await machine.ok("rm", "/var/lib/leafd/of-root");
    costNothing();
  });

  test("is started anew by the watchdog when its loop stands still", async () => {
    await addDropIn(machine, "leafd.service", "[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n");
    await machine.ok("systemctl", "restart", "leafd");
    const stopped = await mainPid("leafd");
    await machine.ok("kill", "-STOP", stopped);
    const isAnother = async () => ![stopped, "0"].includes(await mainPid("leafd"));
    await waitFor(isAnother, { what: "another leafd", within: 30_000 });
    await waitFor(async () => (await property(machine, "leafd", "ActiveState")) === "active", { within: 30_000 });
    assert.match(await machine.ok("journalctl", "--no-pager", "--output=cat"), /leafd\.service: Watchdog timeout/);
    costNothing();
  });

  test("brings everything back after a reboot, with the pairs that were there", async () => {
    await vault.seal();
    await machine.reboot();
    await waitFor(async () => (await property(machine, "leafd", "ActiveState")) === "active", { within: 60_000 });
    costNothing();
    await vault.unseal();
    await waitFor(async () => (await servedSerial(port)) === serialOnDisk("web"), {
      what: "nginx to serve after the reboot",
      within: 90_000,
    });
  });

  test("leaves the certificates when it is taken away, and says so", async () => {
    await machine.ok("systemctl", "enable", "leafd-once@web.service");
    await machine.ok("mkdir", "/run/leafd/live");
    const said = await install(machine, "--uninstall");
    assert.match(said, /The certificates in \/var\/lib\/leafd, .* stay:[^]*docs\/upgrade\.md/);
    assert.match(said, /Take leafd-once@ out of these: .*\n\/etc\/systemd\/system\/nginx\.service\.d\/test\.conf$/);
    costNothing();
    await machine.ok("test", "-d", "/run/leafd/live");
    assert.equal(await machine.ok("find", "/etc/systemd/system", "-name", "leafd*@*"), "");
    assert.notEqual((await machine.run("systemctl", "is-active", "leafd")).code, 0);
    assert.ok(!existsSync(machine.path("/usr/local/bin/leafd")));
  });
});
