import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseCertificates } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { OutageSpec } from "../../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { DAY, MINUTE, SECOND } from "../../../src/domain/units.ts";
import type { ServiceRunner } from "../../../src/rotation/runner.ts";
import { exampleIssuer } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import { readPair } from "../../support/published-pair.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import { TestCa } from "../../support/test-ca.ts";

/* One service on its way down the ladder of issuers, and back. Certificates live for an hour. */

const SEALED = new LeafdError("sealed", "Vault is sealed");
const NO_ROLE = new LeafdError("role_missing", "unknown role: svc");

/** A service of `main`, then `dr`. */
function twoIssuers(world: RotationWorld, outage: Partial<OutageSpec> = {}): ServiceSpec {
  return world.spec({
    issuers: [exampleIssuer("main"), exampleIssuer("dr")],
    outage: { atExpiry: { kind: "keep" }, failoverAfter: 5 * MINUTE, ...outage },
  });
}

const due = ({ state }: ServiceRunner): number => state.current?.due ?? 0;
const now = (world: RotationWorld): number => world.clock.now();
/** Until a minute after renewal came due. */
const untilDue = (world: RotationWorld, runner: ServiceRunner) => world.pass(runner, due(runner) - now(world) + MINUTE);

/** The rungs that the pair came from, one after the other. */
const changes = (world: RotationWorld) =>
  world.events.flatMap((event) =>
    event.kind === "rung_changed" ? [[event.from, event.to, event.issuer, event.reason]] : [],
  );

inWorld(
  "the next issuer takes over after failoverAfter, and the first one is gone back to at a due time",
  async (world) => {
    const dr = world.addIssuer("dr");
    const runner = world.start(twoIssuers(world));
    await world.settle(runner);
    const before = runner.state.current;
    world.issuer.away = SEALED;
    const failing = due(runner);
    await world.pass(runner, failing - now(world) + 4 * MINUTE);
    assert.equal(runner.state.current, before, "kept");
    assert.equal(dr.asked, 0);
    await world.pass(runner, MINUTE + SECOND);
    assert.deepEqual([runner.state.current?.issuer, runner.state.current?.rung], ["dr", "failover"]);
    assert.deepEqual(changes(world), [["primary", "failover", "dr", "sealed"]]);
    assert.equal(readPair(world.spec().output.directory).serial, runner.state.current?.serial);
    const took = (runner.state.current?.receivedAt ?? 0) - failing;
    assert.ok(took >= 5 * MINUTE && took < 5 * MINUTE + 2 * SECOND, `${took} ms`);

    world.issuer.away = undefined;
    await world.pass(runner, due(runner) - now(world) - SECOND);
    assert.equal(world.issuer.signed, 1, "no certificate only to return");
    await world.pass(runner, MINUTE);
    assert.deepEqual([runner.state.current?.issuer, runner.state.current?.rung], ["main", "primary"]);
    assert.deepEqual(changes(world).slice(1), [["failover", "primary", "main", undefined]]);
    assert.deepEqual([world.issuer.signed, dr.signed], [2, 1]);
  },
);

inWorld("a first issuer that failed once, and never opened its circuit, is gone back to as well", async (world) => {
  const dr = world.addIssuer("dr");
  const runner = world.start(twoIssuers(world, { failoverAfter: 1 }));
  await world.settle(runner);
  world.issuer.next.push(SEALED);
  await untilDue(world, runner);
  assert.equal(runner.state.current?.issuer, "dr");
  assert.equal(world.last("issuer_circuit"), undefined);
  await untilDue(world, runner);
  assert.equal(runner.state.current?.issuer, "main");
  assert.deepEqual([world.issuer.signed, dr.signed], [2, 1]);
});

inWorld(
  "an issuer that looks healthy and gives nothing is tried at due times only, and no pair goes to and fro",
  async (world) => {
    const dr = world.addIssuer("dr");
    const runner = world.start(twoIssuers(world));
    await world.settle(runner);
    world.issuer.away = SEALED;
    await untilDue(world, runner);
    await world.pass(runner, 5 * MINUTE);
    const asked = world.issuer.asked;
    world.issuer.away = undefined;
    world.issuer.next.push(...Array.from({ length: 99 }, () => new LeafdError("server_error", "no mount")));
    for (let pair = 0; pair < 3; pair++) await untilDue(world, runner);
    assert.deepEqual(changes(world).length, 1);
    assert.equal(dr.signed, 4);
    assert.equal(world.issuer.asked - asked, 3, "once for each pair");
  },
);

inWorld(
  "a refusal is failed over from as well, opens no circuit and costs one request at each due time",
  async (world) => {
    const dr = world.addIssuer("dr");
    const runner = world.start(twoIssuers(world));
    await world.settle(runner);
    world.issuer.next.push(...Array.from({ length: 99 }, () => NO_ROLE));
    await untilDue(world, runner);
    await world.pass(runner, 5 * MINUTE);
    assert.equal(runner.state.current?.issuer, "dr");
    const asked = world.issuer.asked;
    await untilDue(world, runner);
    assert.deepEqual([world.issuer.asked - asked, dr.signed], [1, 2]);
    assert.equal(world.last("issuer_circuit"), undefined);
  },
);

inWorld(
  "without any pair the next issuer is asked at once, also when nothing is known of the first one's roots",
  async (world) => {
    world.addIssuer("dr");
    world.issuer.away = SEALED;
    const runner = world.start(twoIssuers(world));
    await world.pass(runner, 3 * SECOND);
    assert.equal(runner.state.current?.issuer, "dr");
  },
);

inWorld("an issuer whose roots cannot be had opens its circuit", async (world) => {
  world.issuer.away = SEALED;
  const runner = world.start();
  await world.pass(runner, MINUTE);
  assert.equal(world.last("issuer_circuit")?.state, "open");
  assert.equal(world.crew?.circuits.of("main").kind, "open");
  assert.ok(
    world.events.filter(({ kind }) => kind === "rotation_failed").length === 3,
    "and then only its health is asked",
  );
});

inWorld("from one stand-in to the next: said like every other step", async (world) => {
  const dr = world.addIssuer("dr");
  world.addIssuer("far");
  const spec = twoIssuers(world);
  const runner = world.start({ ...spec, issuers: [...spec.issuers, exampleIssuer("far")] });
  await world.settle(runner);
  world.issuer.away = SEALED;
  await untilDue(world, runner);
  await world.pass(runner, 5 * MINUTE);
  dr.away = SEALED;
  await untilDue(world, runner);
  await world.pass(runner, 12 * MINUTE);
  assert.deepEqual(changes(world), [
    ["primary", "failover", "dr", "sealed"],
    ["failover", "failover", "far", "sealed"],
  ]);
});

const publishedRoots = (world: RotationWorld) =>
  parseCertificates(readFileSync(join(world.spec().output.directory, "ca.crt"), "utf8")).map((ca) => ca.fingerprint);

inWorld("the root of a stand-in is published and told before its first leaf", async (world) => {
  const root = await TestCa.root({ name: "Other Root" });
  const dr = world.addIssuer("dr", await root.intermediate({ name: "Other Issuing" }), root);
  dr.away = SEALED;
  const runner = world.start(twoIssuers(world));
  await world.settle(runner);
  assert.deepEqual(publishedRoots(world), [world.root.certificate.fingerprint]);
  world.issuer.away = SEALED;
  dr.away = undefined;
  world.events.length = 0;
  await untilDue(world, runner);
  await world.pass(runner, 6 * MINUTE);
  const told = world.events.flatMap((event) =>
    event.kind === "published"
      ? [event.cause]
      : event.kind === "delivered" || event.kind === "issued"
        ? [event.kind]
        : [],
  );
  assert.deepEqual(told, ["trust_changed", "delivered", "issued", "renewal_due", "delivered"]);
  assert.equal(runner.state.current?.issuer, "dr");
  const both = [world.root, root].map((ca) => ca.certificate.fingerprint);
  assert.deepEqual(new Set(publishedRoots(world)), new Set(both));
});

inWorld(
  "without a memory, and with one issuer away, the bundle keeps the roots of both, and the pair stays",
  async (world) => {
    const root = await TestCa.root({ name: "Other Root" });
    const dr = world.addIssuer("dr", await root.intermediate({ name: "Other Issuing" }), root);
    const spec = twoIssuers(world);
    await world.settle(world.start(spec));
    const both = new Set([world.root, root].map((ca) => ca.certificate.fingerprint));
    assert.deepEqual(new Set(publishedRoots(world)), both);
    world.issuer.away = SEALED;
    await rm(join(dirname(spec.output.directory), "trust"), { recursive: true });

    const runner = world.start(spec);
    world.events.length = 0;
    await world.settle(runner);
    await untilDue(world, runner);
    await world.pass(runner, 6 * MINUTE);
    assert.deepEqual([runner.state.current?.issuer, dr.signed], ["dr", 1]);
    assert.deepEqual(new Set(publishedRoots(world)), both, "peers still chain to the one that is away");
    const causes = world.events.flatMap((event) => (event.kind === "published" ? [event.cause] : []));
    assert.deepEqual(causes, ["renewal_due"]);
    const again = await restart(world, spec);
    assert.deepEqual([again.state.outdated, dr.signed], [undefined, 1]);
  },
);

inWorld(
  "a root that is new since the mount was last asked is published before the leaf, which is not wasted",
  async (world) => {
    const spec = world.spec();
    const runner = world.start({ ...spec, request: { ...spec.request, ttl: MINUTE } });
    await world.settle(runner);
    const root = await TestCa.root({ name: "New Root" });
    const signer = await root.intermediate({ name: "New Issuing" });
    Object.assign(world.issuer, { signer, published: [signer, root] });
    await world.pass(runner, due(runner) - now(world) - SECOND);
    world.events.length = 0;
    await world.pass(runner, 5 * SECOND);
    const told = world.events.flatMap((event) => (event.kind === "published" ? [event.cause] : []));
    assert.deepEqual(told, ["trust_changed", "renewal_due"]);
    assert.deepEqual([world.issuer.signed, world.last("rotation_failed")], [2, undefined]);
  },
);

inWorld("a stand-in whose root is held is refused, and the pair stays", async (world, dir) => {
  const root = await TestCa.root({ name: "Other Root" });
  world.addIssuer("dr", await root.intermediate({ name: "Other Issuing" }), root);
  const roots = dir.join("roots.pem");
  await writeFile(roots, world.root.certificate.pem);
  const runner = world.start(twoIssuers(world), { trust: { roots, include: [], newRoot: "hold" } });
  await world.settle(runner);
  const before = runner.state.current;
  world.issuer.away = SEALED;
  await untilDue(world, runner);
  await world.pass(runner, 6 * MINUTE);
  assert.equal(world.last("root_held")?.issuer, "dr");
  assert.equal(runner.state.current, before);
  assert.equal(runner.state.issuerTroubles["dr"]?.reason, "chain_untrusted");
});

inWorld("an operator's force goes to the first issuer now, not in a loop, and on down the ladder", async (world) => {
  world.addIssuer("dr");
  const runner = world.start(twoIssuers(world));
  await world.settle(runner);
  world.issuer.away = SEALED;
  const asked = world.issuer.asked;
  runner.say({ kind: "renewal_requested", by: "operator", force: true });
  await world.settle(runner);
  assert.equal(world.issuer.asked - asked, 1);
  await world.pass(runner, 4 * MINUTE);
  assert.ok(world.issuer.asked - asked < 30, `${world.issuer.asked - asked} requests in 4 min`);
  await world.pass(runner, 2 * MINUTE);
  assert.equal(runner.state.current?.issuer, "dr");
  assert.equal(runner.state.force, false);
});

inWorld(
  "an outage that the life of the certificate does not hold is said, and one that it holds is not",
  async (world) => {
    const runner = world.start(world.spec({ outage: { survive: 50 * MINUTE, atExpiry: { kind: "keep" } } }));
    await world.settle(runner);
    const said = world.last("survive_unmet");
    assert.equal(said?.survive, 50 * MINUTE);
    assert.ok((said?.possible ?? 0) > 40 * MINUTE && (said?.possible ?? 0) < 45 * MINUTE, `${said?.possible} ms`);
    assert.equal(runner.state.surviveUnmet, true);
    world.issuer.next.push({ notAfter: now(world) + DAY });
    await untilDue(world, runner);
    assert.equal(runner.state.surviveUnmet, false);
  },
);

/** A new process with the same disk. */
async function restart(world: RotationWorld, spec: ServiceSpec): Promise<ServiceRunner> {
  const asked = [...world.issuers.values()].map((issuer) => issuer.asked);
  const runner = world.start(spec);
  await world.settle(runner);
  assert.deepEqual(
    [...world.issuers.values()].map((issuer) => issuer.asked),
    asked,
    "a restart asks nobody",
  );
  return runner;
}

inWorld(
  "a restart in the middle of an outage: kept, then failed over, then home, each without a certificate of its own",
  async (world) => {
    const dr = world.addIssuer("dr");
    const spec = twoIssuers(world);
    const first = world.start(spec);
    await world.settle(first);
    world.issuer.away = SEALED;
    await world.pass(first, due(first) - now(world) - SECOND);
    await restart(world, spec);
    await untilDue(world, first);

    const keeping = world.start(spec);
    await world.pass(keeping, 6 * MINUTE);
    assert.equal(keeping.state.current?.issuer, "dr");

    const over = await restart(world, spec);
    assert.deepEqual([over.state.current?.issuer, over.state.current?.rung], ["dr", "failover"]);
    await world.pass(over, due(over) - now(world) - SECOND);
    assert.deepEqual([world.issuer.signed, dr.signed], [1, 1], "stays there");
    await world.pass(over, MINUTE);
    assert.equal(dr.signed, 2, "the first one was tried at the due time, and the stand-in helped at once");
    world.issuer.away = undefined;
    const back = await restart(world, spec);
    await untilDue(world, back);
    assert.deepEqual([back.state.current?.issuer, world.issuer.signed], ["main", 2]);
    await restart(world, spec);
    assert.deepEqual(
      changes(world).map(([, to]) => to),
      ["failover", "primary"],
    );
  },
);
