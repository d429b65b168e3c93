import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { statusFromJson } from "../../src/domain/status/json.ts";
import { VERSION } from "../../src/version.ts";
import { blocksOf, missingLine, placeOf } from "../support/doc-blocks.ts";
import { waitFor } from "../support/wait-for.ts";
import { BASE_IMAGE, type Engine, startEngine } from "./engine.ts";
import { preparePrograms } from "./programs.ts";

/*
 * The image and docker-compose.yml on a real Docker engine. All base images are one imported Debian: no registry can be
 * reached. Grafana alone is not started; its dashboard is held to a real Prometheus in test/integration/observe.
 */

const IMAGE = `leafd:${VERSION}`;
const CHECKOUT = join(import.meta.dirname, "../..");
const STARTED = ["vault", "setup", "pod", "leafd-once", "leafd", "nginx", "client", "prometheus"];
const TIGHT = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
const MEGABYTE = 1_000_000;

/** Leaves a process behind and looks what becomes of it: it goes, or stays as a zombie for a hundred looks. */
const ORPHAN = `
  const { readdirSync, readFileSync } = require("node:fs");
  const { spawn } = require("node:child_process");
  const spawning = "require('node:child_process').spawn(process.execPath, ['-e', '0'], { detached: true, stdio: 'ignore' }).unref()";
  const others = () => readdirSync("/proc").filter((pid) => /^\\d+$/.test(pid) && pid !== "1" && Number(pid) !== process.pid);
  const isZombie = (pid) => / Z /.test(readFileSync("/proc/" + pid + "/stat", "utf8"));
  let seen = 0;
  const look = () => {
    const rest = others();
    if (rest.length === 0) return console.log("clean");
    seen = rest.every(isZombie) ? seen + 1 : 0;
    if (seen === 100) return console.log("zombie");
    setTimeout(look, 10);
  };
  spawn(process.execPath, ["-e", spawning]).once("exit", look);
`;

let engine: Engine;
before(
  async () => {
    engine = await startEngine(await preparePrograms(console.error));
    await promisify(execFile)(process.execPath, ["deploy/build.ts"], { cwd: CHECKOUT });
    const facts = ["NODE_IMAGE=" + BASE_IMAGE, "REVISION=0123abcd"].flatMap((fact) => ["--build-arg", fact]);
    await engine.docker("build", "-q", "-f", "deploy/docker/Dockerfile", ...facts, "-t", IMAGE, ".");
  },
  { timeout: 4 * 60_000 },
);
after(() => engine[Symbol.asyncDispose]());

suite("the image", () => {
  test("says what it is, and asks for no more than it needs", async (t) => {
    const [image] = JSON.parse(await engine.docker("image", "inspect", IMAGE));
    const { Labels: labels, User, Healthcheck, ExposedPorts, Volumes, Entrypoint, StopSignal } = image.Config;
    const label = (name: string) => labels[`org.opencontainers.image.${name}`];
    assert.deepEqual([label("version"), label("revision"), label("licenses")], [VERSION, "0123abcd", "Apache-2.0"]);
    assert.deepEqual([User, Entrypoint[0], StopSignal], ["65532:65532", "tini", "SIGTERM"]);
    assert.deepEqual(Healthcheck.Test, ["CMD", "leafd", "healthcheck"]);
    assert.deepEqual([Object.keys(ExposedPorts), Object.keys(Volumes)], [["9464/tcp"], ["/var/lib/leafd"]]);
    t.diagnostic(`image size: ${(image.Size / MEGABYTE).toFixed(0)} MB`);
    assert.ok(image.Size < 150 * MEGABYTE, `${image.Size} bytes`);
  });

  test("has nothing to run but leafd, its Node and an init, and nothing of another user's rights", async () => {
    const container = await engine.docker("create", IMAGE);
    const script = `docker export ${container} | tar -tv`;
    const { stdout } = await promisify(execFile)("sh", ["-c", script], { env: engine.env, maxBuffer: 8 * MEGABYTE });
    await engine.docker("rm", container);
    const files = stdout
      .split("\n")
      .map((line) => line.split(/\s+/))
      .map(([mode = "", , size, , , path = ""]) => ({ mode, size, path }));
    const programs = files.filter(
      ({ mode, size, path }) => /^-..x/.test(mode) && size !== "0" && !/\.so(\.|$)/.test(path), // the engine's own are empty
    );
    const names = programs.map(({ path }) => path).toSorted();
    assert.deepEqual(names, ["usr/bin/tini", "usr/local/bin/node", "usr/local/lib/leafd/leafd.mjs"]);
    assert.deepEqual(
      files.filter(({ mode }) => /^-..s|^-.....s/.test(mode)),
      [],
    );
    const open = files.filter(({ mode }) => /^[-d].......w/.test(mode));
    assert.deepEqual(
      open.map(({ path }) => path),
      ["tmp/"],
    );
    for (const path of [
      "usr/share/doc/leafd/LICENSE",
      "usr/share/doc/leafd/leafd.cdx.json",
      "var/lib/dpkg/status.d/libc6",
    ])
      assert.ok(
        files.some((file) => file.path === path),
        path,
      );
  });

  test("runs on a read-only root without any capability, from compiled code", async () => {
    const debug = ["-e", "NODE_DEBUG_NATIVE=COMPILE_CACHE"];
    const command = ["run", "--rm", ...TIGHT, ...debug, IMAGE, "version"];
    const { stdout, stderr } = await promisify(execFile)("docker", command, { env: engine.env });
    assert.match(stdout, new RegExp(`^leafd ${VERSION} \\(Node 24`));
    assert.match(stderr, /code cache for ESM .*leafd\.mjs was accepted/);
  });

  test("cleans up after a command whose children outlive it, as Node alone does not", async () => {
    const inImage = (...args: readonly string[]) => engine.docker("run", "--rm", ...TIGHT, "--entrypoint", ...args);
    assert.equal(await inImage("tini", IMAGE, "-s", "--", "node", "-e", ORPHAN), "clean");
    assert.equal(await inImage("node", IMAGE, "-e", ORPHAN), "zombie");
  });

  test("says without a configuration what is missing, and is told its exit code", async () => {
    await assert.rejects(engine.docker("run", "--rm", ...TIGHT, IMAGE), { code: 78, stderr: /leafd\.yaml/ });
  });
});

suite("docker-compose.yml", () => {
  const logs = async (service: string) =>
    (await engine.compose("logs", "--no-color", "--no-log-prefix", service)).trim();
  const events = async (service: string, kind: string) =>
    (await logs(service))
      .split("\n")
      .filter((line) => line.includes(`"event":"${kind}"`))
      .map((line) => JSON.parse(line));
  const inLeafd = (...command: readonly string[]) => engine.compose("exec", "-T", "leafd", ...command);
  const statusOfWeb = async () => {
    const status = statusFromJson(await inLeafd("leafd", "status", "--json"));
    return { pid: status.pid, ...status.services.find(({ name }) => name === "web") };
  };

  before(() => engine.compose("up", "--build", "--wait", ...STARTED), { timeout: 3 * 60_000 });
  after(() => engine.compose("down", "--volumes"));

  test("starts the dependents with the certificates of the init, and the sidecar issues no others", async (t) => {
    assert.equal((await events("leafd-once", "issued")).length, 2);
    assert.equal((await events("leafd", "issued")).length, 0);
    await waitFor(async () => (await events("leafd", "confirmed")).length > 0, {
      what: "nginx to be seen",
      within: 30_000,
    });
    assert.match(await logs("client"), /^web serves [0-9A-F]+, and greets [0-9A-F]+: hello CN=client\.demo$/m);
    assert.doesNotMatch(await logs("client"), /FAILED/);

    const once = await engine.compose("ps", "-a", "-q", "leafd-once");
    const [{ State: state }] = JSON.parse(await engine.docker("inspect", once.trim()));
    const [last] = (await events("leafd-once", "published")).slice(-1);
    const took = Date.parse(last.time) - Date.parse(state.StartedAt);
    t.diagnostic(`from the start of the container to its certificates: ${took} ms`);
    const metrics = await inLeafd(
      "node",
      "-e",
      'fetch("http://127.0.0.1:9464/metrics").then(async (r) => console.log(await r.text()))',
    );
    const [, memory] = /^process_resident_memory_bytes (\d+)/m.exec(metrics) ?? [];
    t.diagnostic(`memory of the sidecar: ${(Number(memory) / MEGABYTE).toFixed(0)} MB`);
  });

  test("lets nobody in without a certificate", async () => {
    const stranger = `require("node:https").get({ host: "web.demo", port: 8443, ca: require("node:fs").readFileSync("/tls/client/ca.crt") }, (r) => console.log(r.statusCode))`;
    assert.match(await inLeafd("node", "-e", stranger), /^400$/m);
  });

  test("rotates under a running client without one failed request", async () => {
    const old = await statusOfWeb();
    await inLeafd("leafd", "renew", "web");
    const renewed = await waitFor(
      async () => {
        const web = await statusOfWeb();
        return web.serial !== old.serial && web.live === true && web;
      },
      { what: "nginx to serve the new certificate", within: 30_000, every: 200 },
    );
    const serial = renewed.serial?.toUpperCase() ?? "";
    await waitFor(async () => (await logs("client")).includes(`web serves ${serial}`), {
      what: "the client to see it",
      within: 20_000,
      every: 200,
    });
    assert.doesNotMatch(await logs("client"), /FAILED/);
  });

  test("survives a leafd that is killed: it comes back and issues nothing", async () => {
    const { pid, serial } = await statusOfWeb();
    const issued = (await events("leafd", "issued")).length;
    await inLeafd("node", "-e", `process.kill(${pid}, "SIGKILL")`);
    const back = async () => {
      const status = await statusOfWeb().catch(() => undefined);
      return status !== undefined && status.pid !== pid && status.state === "ok" && status;
    };
    assert.equal((await waitFor(back, { what: "leafd to be back", within: 60_000, every: 200 })).serial, serial);
    assert.equal((await events("leafd", "issued")).length, issued);
  });

  test("can be brought up again while it runs", async () => {
    const { serial } = await statusOfWeb();
    await engine.compose("up", "--no-build", "--wait", ...STARTED);
    assert.match(await logs("leafd-once"), /^web: valid for .*, kept by the running leafd/m);
    assert.equal((await statusOfWeb()).serial, serial);
  });

  test("goes on with another Vault when the one before has forgotten everything", async () => {
    const { serial } = await statusOfWeb();
    await engine.compose("restart", "vault");
    await engine.compose("up", "--no-build", "--wait", ...STARTED);
    await inLeafd("leafd", "renew", "web");
    const renewed = async () => {
      const web = await statusOfWeb();
      return web.serial !== serial && web.live === true;
    };
    await waitFor(renewed, { what: "a certificate of the other Vault", within: 90_000, every: 200 });
    const ask = () => engine.compose("exec", "-T", "client", "node", "/client.mjs", "--once");
    const greeted = () =>
      ask().then(
        (line) => /hello CN=client/.test(line),
        () => false,
      );
    await waitFor(greeted, { what: "the client, whose certificate is of the one before, to trust it", within: 90_000 });
  });

  test("has Prometheus scrape leafd and evaluate the alerts", async () => {
    const ask = async (path: string) =>
      JSON.parse(
        await engine.compose(
          "exec",
          "-T",
          "prometheus",
          "wget",
          "-q",
          "-O",
          "-",
          `http://127.0.0.1:9090/api/v1/${path}`,
        ),
      ).data;
    const up = async () => (await ask("query?query=up")).result[0]?.value[1] === "1";
    await waitFor(up, { what: "a scrape", within: 60_000, every: 500 });
    const { groups } = await ask("rules");
    assert.ok(groups.length > 0);
    for (const rule of groups.flatMap((group: { rules: unknown }) => group.rules))
      assert.notEqual(rule.health, "err", rule.name);
  });

  test("does what docs/docker.md says", async (t) => {
    const blocks = blocksOf("docs/docker.md").filter(({ notRun }) => notRun === "npm run test:docker runs it");
    assert.ok(blocks.length >= 3);
    for (const block of blocks) {
      const { stdout, stderr } = await promisify(execFile)("sh", ["-e", "-c", block.code], {
        env: engine.env,
        cwd: CHECKOUT,
        maxBuffer: 8 * MEGABYTE,
      });
      const printed = stdout.replaceAll(/ +/g, " ");
      const expected = block.prints.map((line) => line.replaceAll(/ +/g, " "));
      assert.equal(missingLine(expected, printed), undefined, `${placeOf(block)} prints:\n${stdout}${stderr}`);
    }
    t.diagnostic(`docs/docker.md: ${blocks.length} blocks run`);
  });

  test("stops leafd within its time, with exit code 0, and the certificates stay", async () => {
    await engine.compose("stop", "leafd");
    const container = await engine.compose("ps", "-a", "-q", "leafd");
    const [{ State: state }] = JSON.parse(await engine.docker("inspect", container.trim()));
    assert.equal(state.ExitCode, 0);
    await engine.compose("exec", "-T", "client", "node", "/client.mjs", "--once");
  });

  test("is whole: Grafana's part is what Compose takes too, and the files are there", async () => {
    const config = JSON.parse(await engine.compose("config", "--format", "json"));
    assert.deepEqual(Object.keys(config.services).toSorted(), [...STARTED, "grafana"].toSorted());
  });
});
