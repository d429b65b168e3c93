import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { AtExpiry, OutageSpec } from "../../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import type { ServiceRunner } from "../../../src/rotation/runner.ts";
import { openLedger } from "../../../src/store/ledger.ts";
import { exampleIssuer } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import { readPair } from "../../support/published-pair.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import { TestCa } from "../../support/test-ca.ts";

/* The last rungs: the pair that is kept back, and the end. Certificates live for an hour, reserves for six. */

const SEALED = new LeafdError("sealed", "Vault is sealed");
const KEEP: AtExpiry = { kind: "keep" };

/** The service, with a reserve from `main-reserve`. */
function withReserve(world: RotationWorld, outage: Partial<OutageSpec> = {}): ServiceSpec {
  const reserve = { issuer: exampleIssuer("main-reserve"), ttl: 6 * HOUR };
  return world.spec({ outage: { atExpiry: KEEP, reserve, ...outage } });
}

const now = (world: RotationWorld): number => world.clock.now();
const current = ({ state }: ServiceRunner) => {
  assert.ok(state.current);
  return state.current;
};
/** When so much of the renewal window is used up. */
const burnt = (runner: ServiceRunner, part: number): number => {
  const { due, notAfter } = current(runner);
  return due + (notAfter - due) * part;
};
const passUntil = (world: RotationWorld, runner: ServiceRunner, at: number) => world.pass(runner, at - now(world));

/** A runner with its pair and its reserve, and then an outage of both issuers. */
async function inOutage(world: RotationWorld, spec = withReserve(world)) {
  const issuer = world.issuers.get("main-reserve") ?? world.addIssuer("main-reserve");
  const runner = world.start(spec);
  await world.settle(runner);
  world.issuer.away = SEALED;
  issuer.away = SEALED;
  return { runner, issuer, pair: current(runner) };
}

inWorld("a reserve is issued behind the first pair, kept private, and counted in the budget", async (world, dir) => {
  const issuer = world.addIssuer("main-reserve");
  const runner = world.start(withReserve(world));
  await world.settle(runner);
  const { reserve } = runner.state;
  assert.equal(issuer.signed, 1);
  assert.deepEqual([reserve?.rung, reserve?.issuer], ["reserve", "main-reserve"]);
  assert.equal((reserve?.notAfter ?? 0) - now(world) > 5 * HOUR, true);
  const kinds = world.kinds().filter((kind) => kind === "delivered" || kind === "reserved");
  assert.deepEqual(kinds, ["delivered", "reserved"], "the dependents come first");
  const held = dir.join("held", "reserve", "web");
  assert.equal(readPair(held).serial, reserve?.serial);
  assert.equal(statSync(held).mode & 0o777, 0o700);
  assert.equal(statSync(join(held, "tls.key")).mode & 0o777, 0o600);
  assert.notEqual(readPair(world.spec().output.directory).serial, reserve?.serial);
  const ledger = openLedger(dir.path, { clock: world.clock, warn: () => undefined });
  assert.equal(ledger.recent("web").length, 2);
});

inWorld("it is renewed on its own, and the one before is swept", async (world, dir) => {
  const issuer = world.addIssuer("main-reserve");
  const runner = world.start(withReserve(world));
  await world.settle(runner);
  const first = runner.state.reserve;
  await world.pass(runner, (first?.due ?? 0) - now(world) - SECOND);
  assert.equal(issuer.signed, 1);
  await world.pass(runner, MINUTE);
  assert.equal(issuer.signed, 2);
  assert.ok((runner.state.reserve?.notAfter ?? 0) > (first?.notAfter ?? 0));
  await world.pass(runner, 8 * HOUR);
  const generations = readdirSync(dir.join("held", "reserve", "web")).filter((name) => name.startsWith("..gen"));
  assert.ok(generations.length <= 2, `${generations.length} generations`);
});

inWorld("a reserve that cannot be had keeps nothing waiting: slow retries, and the rotation goes on", async (world) => {
  const issuer = world.addIssuer("main-reserve");
  issuer.next.push(...Array.from({ length: 999 }, () => new LeafdError("role_missing", "unknown role")));
  const runner = world.start(withReserve(world));
  await world.settle(runner);
  await world.pass(runner, 3 * HOUR);
  assert.equal(world.last("reserve_failed")?.reason, "role_missing");
  assert.ok(issuer.asked < 150, `${issuer.asked} requests in 3 h`);
  assert.ok(world.issuer.signed >= 4);
  assert.equal(runner.state.rotationTrouble, undefined, "it is a trouble of its own");
});

inWorld("a reserve that gains nothing leaves the service its own place in the budget", async (world) => {
  const issuer = world.addIssuer("main-reserve");
  const runner = world.start(withReserve(world));
  await world.settle(runner);
  const { due, notAfter } = runner.state.reserve ?? { due: 0, notAfter: 0 };
  issuer.next.push(...Array.from({ length: 99 }, () => ({ notAfter: notAfter - MINUTE })));
  await world.pass(runner, due - now(world) + 90 * MINUTE);
  const reasons = world.events.map((event) => (event.kind === "reserve_failed" ? event.reason : undefined));
  assert.ok(reasons.includes("budget_exhausted"), String(reasons.filter(Boolean)));
  assert.equal(world.last("rotation_failed"), undefined);
});

inWorld(
  "it takes over when three quarters of the renewal window are burnt, and the end is not reached",
  async (world) => {
    const { runner, issuer, pair } = await inOutage(world);
    const { reserve } = runner.state;
    await passUntil(world, runner, burnt(runner, 0.75) - SECOND);
    assert.equal(current(runner).serial, pair.serial);
    await world.pass(runner, 4 * SECOND);
    assert.equal(current(runner).serial, reserve?.serial);
    assert.equal(readPair(world.spec().output.directory).serial, reserve?.serial);
    assert.equal(world.last("published")?.cause, "reserve_used");
    const { from, to, reason } = world.last("rung_changed") ?? {};
    assert.deepEqual([from, to, reason], ["primary", "reserve", "sealed"]);
    assert.equal(world.last("delivered")?.serial, reserve?.serial);
    assert.equal(world.last("expired"), undefined);
    assert.deepEqual([world.issuer.signed, issuer.signed], [1, 1], "no certificate was needed for it");

    world.issuer.away = undefined;
    issuer.away = undefined;
    const used = current(runner);
    await world.pass(runner, MINUTE);
    assert.equal(issuer.signed, 2, "another one is held");
    assert.equal(current(runner).serial, used.serial, "and it serves until it is due");
    await passUntil(world, runner, used.due + MINUTE);
    assert.deepEqual([current(runner).issuer, current(runner).rung], ["main", "primary"]);
    assert.equal(world.last("rung_changed")?.to, "primary");
  },
);

inWorld("it stays back while an issuer gives a pair in time", async (world) => {
  world.addIssuer("dr");
  const spec = withReserve(world);
  const { runner } = await inOutage(world, { ...spec, issuers: [exampleIssuer("main"), exampleIssuer("dr")] });
  await passUntil(world, runner, burnt(runner, 1));
  assert.equal(current(runner).issuer, "dr");
  assert.equal(
    world.events.some((event) => event.kind === "published" && event.cause === "reserve_used"),
    false,
  );
});

inWorld("with nothing on disk it is published after the first failure", async (world) => {
  const { runner } = await inOutage(world);
  const { reserve } = runner.state;
  await rm(world.spec().output.directory, { recursive: true });
  const again = world.start(withReserve(world));
  await world.settle(again);
  assert.equal(current(again).serial, reserve?.serial);
});

inWorld("a reserve that is gone from the disk is said to be lost, once, and the ladder goes on", async (world, dir) => {
  const { runner, pair } = await inOutage(world);
  await rm(dir.join("held"), { recursive: true });
  await passUntil(world, runner, burnt(runner, 1) + MINUTE);
  assert.equal(world.events.filter(({ kind }) => kind === "reserve_lost").length, 1);
  assert.equal(current(runner).serial, pair.serial);
  assert.equal(world.last("expired")?.action, "keep");
  assert.equal(runner.state.activity, undefined);
});

inWorld("a reserve that peers would not accept any more is lost, not tried in a loop", async (world, dir) => {
  const roots = dir.join("roots.pem");
  await writeFile(roots, world.root.certificate.pem);
  const issuer = world.addIssuer("main-reserve");
  const runner = world.start(withReserve(world), { trust: { roots, include: [], newRoot: "hold" } });
  await world.settle(runner);
  world.issuer.away = SEALED;
  issuer.away = SEALED;
  await writeFile(roots, (await TestCa.root({ name: "Other" })).certificate.pem);
  await passUntil(world, runner, burnt(runner, 0.8));
  assert.equal(world.last("reserve_lost")?.reason, "chain_broken");
  assert.equal(runner.state.reserve, undefined);
});

inWorld("the root of a reserve from another mount is in the bundle before it is needed", async (world) => {
  const root = await TestCa.root({ name: "Other Root" });
  world.addIssuer("main-reserve", await root.intermediate({ name: "Other Issuing" }), root);
  const { runner } = await inOutage(world);
  const before = current(runner).trustHash;
  await passUntil(world, runner, burnt(runner, 0.8));
  assert.deepEqual([current(runner).rung, current(runner).trustHash], ["reserve", before]);
});

inWorld(
  "after a restart the reserve is found, and so is the one that is in use; neither costs a certificate",
  async (world) => {
    const { runner, issuer } = await inOutage(world);
    const { reserve } = runner.state;
    const found = world.start(withReserve(world));
    await world.settle(found);
    assert.equal(found.state.reserve?.serial, reserve?.serial);
    assert.deepEqual([world.last("reserved")?.fresh, issuer.asked], [false, 1]);
    await passUntil(world, found, burnt(found, 0.8));
    assert.equal(current(found).rung, "reserve");

    const inUse = world.start(withReserve(world));
    const until = await world.settle(inUse);
    assert.deepEqual([current(inUse).serial, current(inUse).rung], [reserve?.serial, "reserve"]);
    assert.equal(inUse.state.outdated, undefined);
    assert.ok(until > now(world));
    await world.pass(inUse, HOUR);
    assert.equal(current(inUse).serial, reserve?.serial);
    assert.equal(world.issuer.signed, 1);
  },
);

inWorld("another role of the reserve takes a new one, and until that is there the old one stands by", async (world) => {
  const { runner, issuer } = await inOutage(world);
  const { reserve } = runner.state;
  issuer.identity = "default//pki/other";
  const changed = world.start(withReserve(world));
  await world.settle(changed);
  assert.equal(changed.state.reserve?.serial, reserve?.serial);
  issuer.away = undefined;
  issuer.next.push({ notAfter: now(world) + 2 * HOUR });
  await world.pass(changed, 10 * MINUTE);
  assert.equal(issuer.signed, 2, "also when it lives less long");
  assert.notEqual(changed.state.reserve?.serial, reserve?.serial);
});

inWorld(
  "when the pair ends without another, what the operator wants is done once, and undone with the next pair",
  async (world) => {
    const touch = (path: string) => ({ kind: "touch", path }) as const;
    const atExpiry: AtExpiry = { kind: "stop", steps: [touch("/stop")], undo: [touch("/start")] };
    const runner = world.start(world.spec({ outage: { atExpiry } }));
    await world.settle(runner);
    const { generation, notAfter } = current(runner);
    world.issuer.away = SEALED;
    world.steps.length = 0;
    world.reloadFailures.push(new LeafdError("reload_failed", "no such unit"));
    await passUntil(world, runner, notAfter - SECOND);
    assert.deepEqual(world.steps, []);
    await world.pass(runner, MINUTE);
    assert.deepEqual(world.steps, [touch("/stop"), touch("/stop")], "again after a failure");
    assert.deepEqual(
      [world.last("expiry_failed")?.reason, world.last("expiry_failed")?.failures],
      ["reload_failed", 1],
    );
    const { kind: _, at: __, service: ___, ...said } = world.last("expired") ?? assert.fail();
    assert.deepEqual(said, { generation, notAfter, action: "stop" });
    await world.pass(runner, 10 * MINUTE);
    assert.equal(world.steps.length, 2, "once for each pair");
    assert.ok(existsSync(join(world.spec().output.directory, "tls.crt")), "the files stay");

    world.issuer.away = undefined;
    await world.pass(runner, MINUTE);
    assert.deepEqual(world.steps.slice(2), [touch("/start"), touch("/dev/null")]);
    world.steps.length = 0;
    await passUntil(world, runner, current(runner).due + MINUTE);
    assert.deepEqual(world.steps, [touch("/dev/null")], "undone once");
  },
);

inWorld("a pair that ended while the machine slept is renewed, and nothing is stopped", async (world) => {
  const step = { kind: "touch", path: "/stop" } as const;
  const runner = world.start(world.spec({ outage: { atExpiry: { kind: "stop", steps: [step], undo: [] } } }));
  await world.settle(runner);
  world.clock.jump(8 * HOUR);
  await world.settle(runner);
  assert.equal(world.last("expired"), undefined);
  assert.ok(current(runner).notAfter > now(world));
});

inWorld("a reserve that only a clock which is ahead makes look over is held all the same", async (world) => {
  world.addIssuer("main-reserve");
  const spec = withReserve(world);
  const runner = world.start(spec);
  await world.settle(runner);
  const { reserve } = runner.state;
  world.clock.jump(2 * DAY);
  const again = world.start(spec);
  await again.carryOut({ kind: "recover" }, new AbortController().signal);
  assert.ok(reserve);
  assert.equal(again.state.reserve?.serial, reserve.serial);
});

inWorld("a reserve that could not be stored is stored later, and costs no other certificate", async (world) => {
  await world.settle(world.start());
  const issuer = world.addIssuer("main-reserve");
  world.commitFailures.push(new LeafdError("disk_full", "no space"), new LeafdError("disk_full", "no space"));
  const runner = world.start(withReserve(world));
  await world.settle(runner);
  await world.pass(runner, HOUR / 2);
  assert.equal(world.kinds().filter((kind) => kind === "reserve_failed").length, 2);
  assert.ok(runner.state.reserve);
  assert.equal(issuer.signed, 1);
});
