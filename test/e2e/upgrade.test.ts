import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { VERSION } from "../../src/version.ts";
import { copyCheckout, makeRelease, setVersion } from "../support/checkout-copy.ts";
import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import { LeafdProcess, runLeafd } from "../support/leafd-process.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { servedSerial } from "../support/served-serial.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/*
 * From one release to the next and back, as on a host without systemd: two real archives, unpacked and installed over
 * each other while the leafd of the other one runs. The tests follow one another.
 */

const LATER = "999.0.0";

let releases: TempDir;
let vault: TestVault;
let pki: TestPki;
let place: LeafdPlace;
let nginx: Nginx;
let port: number;
let metrics: string;
let watched: AsyncDisposable & { readonly serials: ReadonlySet<string> };
const disposables = new AsyncDisposableStack();

before(async () => {
  releases = disposables.use(await tempDir());
  await makeBoth(releases);
  vault = await startTestVault();
  disposables.defer(() => vault.stop());
  pki = await setUpPki(vault, { roleSettings: { ttl: "24h", no_store: false } });
  place = disposables.use(await leafdPlace({ vault, pki }));
  port = await freePort();
  metrics = `127.0.0.1:${await freePort()}`;
  await place.configure(
    {
      web: {
        reload: [{ signal: { pidFile: place.dir.join("nginx.pid") } }],
        probe: { tls: `127.0.0.1:${port}`, serverName: "web.svc" },
      },
      other: {},
    },
    { observe: { listen: metrics } },
  );
});
after(() => disposables.disposeAsync());

/** Two archives, of this version and of a later one, unpacked side by side. */
async function makeBoth(dir: TempDir): Promise<void> {
  await copyCheckout(dir.path);
  for (const version of [VERSION, LATER]) {
    if (version === LATER) await setVersion(dir.path, version);
    await makeRelease(dir.path, "1700000000");
    execFileSync("tar", ["-xzf", `dist/leafd-${version}.tar.gz`], { cwd: dir.path });
  }
}

const program = () => place.dir.join("leafd");
const leafd = (command: string, ...args: readonly string[]) =>
  runLeafd([command, ...args, "--config", place.file], { program: program() });
const run = () => new LeafdProcess(["run", "--config", place.file], { program: program() });

/** As docs/upgrade.md has it. */
function install(version: string): void {
  execFileSync("install", ["-m", "0755", join(releases.path, `leafd-${version}/leafd.mjs`), program()]);
}

/** The serials that nginx gives, handshake after handshake, until it is disposed of; a handshake that fails is one too. */
function watchServed(): typeof watched {
  const serials = new Set<string>();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) serials.add((await servedSerial(port).catch(String)) ?? "none");
  })();
  return {
    serials,
    async [Symbol.asyncDispose]() {
      over.abort();
      await watching;
    },
  };
}

const workersOf = async () => {
  const pid = (await readFile(nginx.pidFile, "utf8")).trim();
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
};
const buildInfo = async () => {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return /^leafd_build_info\{.*version="([^"]+)"/m.exec(text)?.[1];
};

suite("leafd, from one release to the next and back", { timeout: 180_000 }, () => {
  let old: LeafdProcess;
  let workers: string;
  const known = { web: "", other: "" };

  test("serves nginx", async () => {
    install(VERSION);
    assert.equal((await leafd("once")).code, 0);
    nginx = disposables.use(
      await startNginx({
        dir: place.dir,
        port,
        certificate: join(place.live("web"), "tls.crt"),
        key: join(place.live("web"), "tls.key"),
      }),
    );
    old = disposables.use(run());
    await old.next("confirmed");
    assert.equal(await buildInfo(), VERSION);
    known.web = readPair(place.live("web")).serial;
    known.other = readPair(place.live("other")).serial;
    // The first delivery was a reload: the workers of before it are about to end.
    workers = await waitFor(async () => (await workersOf()).match(/^\d+ $/)?.[0], { what: "nginx's one worker" });
    watched = disposables.use(watchServed());
  });

  test("goes on when the program of the next release is put in its place, and answers that one", async () => {
    install(LATER);
    assert.match((await runLeafd(["version"], { program: program() })).stdout, new RegExp(`^leafd ${LATER} `));
    const { code, stdout, stderr } = await leafd("status");
    assert.equal(code, 0);
    assert.match(stdout, /^web +ok /m);
    assert.equal(stderr, `leafd ${VERSION} is running, and this is ${LATER}: restart it, which costs no certificate`);
    await renewOther(old);
    assert.equal((await leafd("explain", "web")).code, 0);
    const control = place.dir.join("state/control");
    assert.equal((await runLeafd(["healthcheck", "--control", control], { program: program() })).code, 0);
  });

  for (const [name, version, other] of [
    ["upgraded", LATER, VERSION],
    ["rolled back", VERSION, LATER],
  ] as const)
    test(`${name}, it costs no certificate and no reload`, async () => {
      const issued = await pki.issued();
      install(version);
      assert.equal((await old.stop()).code, 0);
      old = disposables.use(run());
      await old.each("recovered", "web", "other");
      await old.next("confirmed", ({ service }) => service === "web");
      assert.equal(await buildInfo(), version);
      for (const service of ["web", "other"] as const)
        assert.equal(old.seen("recovered", service)[0]?.serial, known[service]);
      for (const kind of ["rotation_started", "issued", "published", "reload_started", "warning"] as const)
        assert.deepEqual(old.seen(kind), [], kind);
      assert.equal(await pki.issued(), issued);
      assert.equal(await workersOf(), workers, "nginx was not reloaded");

      install(other);
      const { stdout, stderr } = await leafd("status");
      assert.match(stdout, /^web +ok /m);
      assert.match(stderr, new RegExp(`^leafd ${version} is running, and this is ${other}`));
      await renewOther(old);
    });

  test("and nginx served one certificate all the time", async () => {
    await watched[Symbol.asyncDispose]();
    assert.deepEqual([...watched.serials], [known.web]);
  });

  /** An order that the program of one release gives the leafd of the other. */
  async function renewOther(running: LeafdProcess): Promise<void> {
    const { code, stdout } = await leafd("renew", "other");
    assert.deepEqual([code, stdout], [0, "other: renewal queued\n"]);
    await running.next("published", ({ service }) => service === "other");
    const { serial } = readPair(place.live("other"));
    assert.notEqual(serial, known.other);
    known.other = serial;
  }
});
