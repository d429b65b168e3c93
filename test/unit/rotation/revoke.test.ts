import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parseCertificate } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { exampleIssuer, exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/* The certificate before is revoked once the new one is proved to be live; one that may still be wanted never is. */

function revoking(world: RotationWorld, changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return world.spec({ revokeOld: true, probes: [exampleProbe()], ...changes });
}

const onDisk = async (dir: TempDir) => parseCertificate(await readFile(dir.join("live/tls.crt"), "utf8"));

/** A service with its first pair, proved, and that pair's certificate. */
async function proved(world: RotationWorld, dir: TempDir, changes: Partial<ServiceSpec> = {}) {
  const spec = revoking(world, changes);
  const runner = world.start(spec);
  await world.settle(runner);
  return { spec, runner, first: await onDisk(dir) };
}

inWorld("only the proof revokes the certificate before, and once", async (world, dir) => {
  const { runner, first } = await proved(world, dir);
  assert.deepEqual(world.issuer.revoked, [], "the first has none before it");
  world.serving = first.pem;
  await world.until(runner, "proof_failed");
  await world.until(runner, "delivered");
  assert.deepEqual(world.issuer.revoked, []);
  world.serving = undefined;
  await world.until(runner, "revoked");
  assert.deepEqual(world.issuer.revoked, [first.pem]);
  assert.deepEqual(world.kinds().slice(-2), ["confirmed", "revoked"]);
  assert.equal(world.last("revoked")?.serial, first.serial);
  await world.settle(runner);
  assert.equal(world.issuer.revoked.length, 1);
});

inWorld("without a probe the reload is what it waits for", async (world, dir) => {
  const { runner, first } = await proved(world, dir, { probes: [] });
  world.reloadFailures.push(new LeafdError("reload_failed", "exit code 1"));
  await world.until(runner, "reload_failed");
  assert.deepEqual(world.issuer.revoked, []);
  await world.until(runner, "revoked");
  assert.deepEqual(world.issuer.revoked, [first.pem]);
  assert.deepEqual(world.kinds().slice(-2), ["delivered", "revoked"]);
});

inWorld("a revocation that fails is tried again until it succeeds, a refusal slowly", async (world, dir) => {
  const { runner, first } = await proved(world, dir);
  world.issuer.revocationFailures.push(new LeafdError("sealed", "sealed"), new LeafdError("permission_denied", "403"));
  await world.until(runner, "revoke_failed");
  const away = world.last("revoke_failed")!;
  assert.deepEqual([away.reason, away.failures, away.final], ["sealed", 1, undefined]);
  await world.until(runner, "revoke_failed");
  const denied = world.last("revoke_failed")!;
  assert.deepEqual([denied.reason, denied.failures], ["permission_denied", 2]);
  assert.ok(denied.retryAt - denied.at >= 5 * SECOND, `${denied.retryAt - denied.at} ms`);
  await world.until(runner, "revoked");
  assert.deepEqual(world.issuer.revoked, [first.pem]);
  assert.equal(runner.state.revokeTrouble, undefined);
});

inWorld("a restart before the revocation makes it good, after the proof", async (world, dir) => {
  const { spec, runner, first } = await proved(world, dir);
  await world.until(runner, "delivered");
  const second = world.start(spec);
  await world.until(second, "recovered");
  assert.equal(second.state.superseded?.serial, first.serial);
  await world.until(second, "revoked");
  assert.deepEqual(world.issuer.revoked, [first.pem]);
  assert.deepEqual(world.kinds().slice(-2), ["confirmed", "revoked"]);
});

inWorld("one that has ended before it could be revoked is let go", async (world, dir) => {
  const { runner, first } = await proved(world, dir);
  world.serving = first.pem;
  await world.until(runner, "delivered");
  while (world.clock.now() <= first.notAfter) await world.until(runner, "proof_failed");
  world.serving = undefined;
  await world.until(runner, "confirmed");
  await world.settle(runner);
  assert.ok(!world.issuer.revoked.includes(first.pem));
});

inWorld("without revokeOld nothing is revoked", async (world, dir) => {
  const { runner } = await proved(world, dir, { revokeOld: false });
  await world.next(runner);
  await world.settle(world.start(world.spec({ probes: [exampleProbe()] })));
  assert.deepEqual(world.issuer.revoked, []);
});

inWorld("a pair that was put back is not revoked, nor the one that waits to be offered again", async (world, dir) => {
  const preReload: readonly ReloadStep[] = [{ kind: "touch", path: "/check" }];
  const { spec, runner, first } = await proved(world, dir, { preReload });
  const refused = () => world.checkFailures.push(undefined, new LeafdError("reload_failed", "exit code 1"));
  await world.clock.advance(10 * MINUTE);
  runner.say({ kind: "renewal_requested", by: "operator", force: false });
  refused();
  await world.settle(runner);
  assert.equal((await onDisk(dir)).serial, first.serial);
  assert.equal(runner.state.superseded, undefined);
  assert.equal(world.last("revoke_failed"), undefined);

  const second = world.start(spec);
  await world.settle(second);
  assert.equal(world.events.at(-1)?.kind, "confirmed");
  assert.deepEqual(world.issuer.revoked, []);
  await world.until(second, "revoked");
  assert.deepEqual(world.issuer.revoked, [first.pem]);
});

inWorld("a reserve that has served and is still held is not revoked", async (world, dir) => {
  const reserve = world.addIssuer("reserve");
  const outage = {
    atExpiry: { kind: "keep" },
    reserve: { issuer: exampleIssuer("reserve"), ttl: DAY },
  } as const;
  const { runner } = await proved(world, dir, { outage });
  const held = runner.state.reserve!;
  assert.equal(reserve.signed, 1);
  const away = () => new LeafdError("connect", "refused");
  world.issuer.next.push(...Array.from({ length: 500 }, away));
  world.issuer.unhealthy = away();
  reserve.next.push(...Array.from({ length: 500 }, away));
  reserve.unhealthy = away();
  while (world.last("published")?.leaf.rung !== "reserve") await world.until(runner, "published");
  world.issuer.next.length = 0;
  world.issuer.unhealthy = undefined;
  while (world.last("published")?.leaf.rung !== "primary") await world.until(runner, "published");
  assert.equal(runner.state.reserve?.serial, held.serial);
  await world.until(runner, "confirmed");
  await world.settle(runner);
  assert.deepEqual(reserve.revoked, []);
  assert.ok(world.clock.now() < held.notAfter - HOUR);
});
