import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { mountConfigMap } from "../support/config-map.ts";
import { leafdPlace, type Services } from "../support/leafd-place.ts";
import { LeafdProcess, type LogLine } from "../support/leafd-process.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { startTestVault, type TestVault } from "../support/vault-server.ts";
import { WITHOUT_INOTIFY } from "../support/without-inotify.ts";

/* A configuration that changes under a running leafd: what it names is done, and what it does not name hears nothing. */

let vault: TestVault;
let mounts = 0;
before(async () => {
  vault = await startTestVault();
});
after(() => vault.stop());

async function scene() {
  mounts += 1;
  const pki = await setUpPki(vault, { mount: `pki-${mounts}`, roleSettings: { no_store: false } });
  return { pki, place: await leafdPlace({ vault, pki }) };
}

const BY_THE_ONE_BEFORE =
  "the configuration is refused, see `leafd check`; asking the leafd that runs by the one before:";

/** The event that says what a load came to. */
async function loaded(leafd: LeafdProcess): Promise<unknown[]> {
  const { added, changed, removed } = await leafd.next("config_loaded");
  return [added, changed, removed];
}

const of =
  (service: string) =>
  (line: LogLine): boolean =>
    line.service === service;

test("services are added, changed and removed, and the others hear nothing of it", async () => {
  const { pki, place } = await scene();
  await using _ = place;
  const reload = [{ touch: place.dir.join("told") }];
  const keep = { reload };
  await place.configure({ keep, web: {} });
  await using leafd = place.start("run");
  assert.deepEqual(await loaded(leafd), [2, 0, 0]);
  await leafd.each("published", "keep", "web");
  await leafd.each("delivered", "keep");
  const [kept, first] = [readPair(place.live("keep")), readPair(place.live("web"))];
  const eventsOfKeep = leafd.log.filter(of("keep")).length;

  await place.configure({ keep, web: {}, api: {} });
  assert.deepEqual(await loaded(leafd), [1, 0, 0]);
  await leafd.next("published", of("api"));

  const identity = { commonName: "web.svc", dns: ["other.svc"] };
  await place.configure({ keep, web: { identity }, api: {} });
  const change = await leafd.next("service_changed");
  assert.deepEqual([change.service, change["classes"]], ["web", ["request"]]);
  const published = await leafd.next("published");
  assert.deepEqual([published.service, published["cause"]], ["web", "request_changed"]);
  assert.match(readPair(place.live("web")).leaf.subjectAltName ?? "", /DNS:other\.svc/);
  assert.notEqual(readPair(place.live("web")).serial, first.serial);

  await place.configure({ keep, web: { identity } });
  await leafd.next("service_removed", of("api"));
  assert.deepEqual(await loaded(leafd), [0, 0, 1]);
  assert.equal(readPair(place.live("api")).whole, true, "its files stay");

  assert.equal((await leafd.stop()).code, 0);
  assert.equal(leafd.log.filter(of("keep")).length, eventsOfKeep, JSON.stringify(leafd.log.filter(of("keep"))));
  assert.equal(readPair(place.live("keep")).generation, kept.generation);
  assert.equal(await pki.issued(), 4);
});

test("a configuration that is wrong leaves the one before it in force", async () => {
  const { pki, place } = await scene();
  await using _ = place;
  await place.configure({ web: {} });
  await using leafd = place.start("run");
  await leafd.next("published");
  const pair = readPair(place.live("web"));

  const good = place.text({ web: {} });
  await writeFile(place.file, good.replace('"identity"', '"identitty"'));
  const rejected = await leafd.next("config_rejected");
  assert.equal(rejected.level, "error");
  assert.match(rejected.msg, /^configuration refused, the one before it stays in force: .*leafd\.yaml:\d+:7: /);
  assert.match(rejected.msg, /services\.web\.identitty: unknown key\\n.*did you mean "identity"\?$/);

  leafd.signal("SIGHUP");
  await leafd.next("config_rejected");
  const asked = await place.run("status");
  assert.deepEqual([asked.code, asked.stderr], [0, BY_THE_ONE_BEFORE]);
  assert.match(asked.stdout, /^web +ok /m);
  assert.match(asked.stdout, /^configuration refused at .*; the one of .* is in force:\n  .*identity: is missing$/m);
  assert.match((await place.run("explain", ["web"])).stdout, /^web: ok:/);
  assert.match((await place.run("events")).stdout, /configuration refused/);
  assert.equal((await place.run("pause", ["web", "--for", "2m"])).code, 0);
  assert.equal((await place.run("resume", ["web"])).code, 0);
  await writeFile(place.file, "vault: [");
  const unreadable = await place.run("status");
  assert.equal(unreadable.code, 78, "nothing says where to ask");
  assert.match(
    unreadable.stderr,
    /\nA leafd that runs goes on with the configuration before it; ask it with --control \S+$/,
  );
  const at = ["--control", place.dir.join("state/control")];
  for (const [command, ...args] of [
    ["status"],
    ["explain", "web"],
    ["events"],
    ["pause", "web"],
    ["resume", "web"],
  ] as const)
    assert.equal((await place.run(command, [...args, ...at])).code, 0, command);
  await writeFile(place.file, good);
  assert.deepEqual(await loaded(leafd), [0, 0, 0]);
  const status = await place.run("status", ["--json"]);
  assert.equal(JSON.parse(status.stdout).configError, undefined);
  assert.equal((await leafd.stop()).code, 0);
  const nobody = await place.run("status", at);
  assert.equal(nobody.code, 69, "without a configuration nothing says where to look on disk");
  await writeFile(place.file, good.replace('"identity"', '"identitty"'));
  const alone = await place.run("status");
  assert.equal(alone.code, 78, "there is no leafd that runs by the one before");
  assert.match(alone.stderr, /identitty/);
  assert.equal(readPair(place.live("web")).generation, pair.generation);
  assert.equal(await pki.issued(), 1);
});

test("a storm of changes and SIGHUPs ends with what is on disk last", async () => {
  const { place } = await scene();
  await using _ = place;
  await place.configure({ web: {} });
  await using leafd = place.start("run");
  await leafd.next("published");
  // Without a change there is no event but the signal.
  leafd.signal("SIGHUP");
  assert.deepEqual(await loaded(leafd), [0, 0, 0]);

  for (let round = 0; round < 10; round++) {
    await place.configure(round % 2 === 0 ? { web: {}, api: {} } : { web: {} });
    leafd.signal("SIGHUP");
  }
  await place.configure({ web: {}, last: {} });
  leafd.signal("SIGHUP");
  await leafd.next("published", of("last"));
  const status = await place.run("status", ["--json"]);
  const { services } = JSON.parse(status.stdout);
  assert.deepEqual(
    services.map(({ name }: { name: string }) => name),
    ["last", "web"],
  );
  assert.equal((await leafd.stop()).code, 0);
  assert.deepEqual(leafd.seen("service_changed"), []);
  assert.equal(leafd.seen("published", "web").length, 1);
  assert.equal(leafd.seen("published", "api").length <= 1, true, "what came back had not been forgotten");
});

test("a directory that cannot be watched is warned of, and a SIGHUP still loads it", async () => {
  const { place } = await scene();
  await using _ = place;
  await place.configure({ web: {} });
  await using leafd = place.start("run", [], { wrapper: WITHOUT_INOTIFY });
  const warning = await leafd.next("warning");
  assert.match(warning.msg, /leafd\.yaml cannot be watched, so a change of it is seen up to 30s later: EMFILE/);
  assert.match(warning.hint ?? "", /max_user_instances/);
  await leafd.each("published", "web");
  await place.configure({ web: {}, api: {} });
  leafd.signal("SIGHUP");
  await leafd.next("published", of("api"));
  assert.equal((await leafd.stop()).code, 0);
  assert.equal(leafd.seen("warning").length, 1);
});

test("a ConfigMap that swaps its `..data`, and a drop-in", async () => {
  const { place } = await scene();
  await using _ = place;
  const config = place.dir.join("config");
  const mount = (version: string, services: Services) => mountConfigMap(config, version, place.text(services));
  await mount("2026_01", { web: {} });
  await using leafd = new LeafdProcess(["run", "--config", `${config}/leafd.yaml`]);
  await leafd.next("published", of("web"));
  await mount("2026_02", { web: {}, api: {} });
  assert.deepEqual(await loaded(leafd), [1, 0, 0]);
  await leafd.next("published", of("api"));

  await mkdir(`${config}/services.d`);
  const output = { directory: place.live("job") };
  const dropIn = { services: { job: { identity: { commonName: "job.svc" }, output } } };
  await writeFile(`${config}/services.d/job.yaml`, JSON.stringify(dropIn));
  await leafd.next("published", of("job"));
  assert.equal((await leafd.stop()).code, 0);
  assert.deepEqual(leafd.seen("config_rejected"), []);
});
