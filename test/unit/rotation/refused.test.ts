import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseCertificate } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/* A pair that its dependent refuses is taken back and offered again; one that is not to blame stays. */

const CHECK: ReloadStep = { kind: "touch", path: "/check" };
const RELOAD: ReloadStep = { kind: "touch", path: "/reload" };

const refusal = () => new LeafdError("reload_failed", "nginx -t: exit code 1");

function checked(world: RotationWorld, changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return world.spec({ preReload: [CHECK], reload: [RELOAD], ...changes });
}

async function live(dir: TempDir): Promise<string> {
  return parseCertificate(await readFile(dir.join("live/tls.crt"), "utf8")).serial;
}

/** A service with its first pair, which nobody refused, and the serial of that. */
async function accepted(world: RotationWorld, dir: TempDir, changes: Partial<ServiceSpec> = {}) {
  const spec = checked(world, changes);
  const runner = world.start(spec);
  await world.settle(runner);
  return { spec, runner, first: await live(dir) };
}

const paths = (world: RotationWorld) => world.steps.map((step) => (step.kind === "touch" ? step.path : step.kind));

inWorld("the dependent is checked before the swap and after it, and then told", async (world, dir) => {
  const { runner } = await accepted(world, dir);
  assert.deepEqual(paths(world), ["/check", "/reload"], "without a pair there is nothing to check before");
  await world.next(runner);
  assert.deepEqual(paths(world).slice(2), ["/check", "/check", "/reload"]);
});

inWorld(
  "a dependent that was broken before is to blame, not the pair: it stays, and the reload is tried again",
  async (world, dir) => {
    const { runner, first } = await accepted(world, dir);
    world.checkFailures.push(refusal(), refusal());
    await world.until(runner, "reload_failed");
    assert.notEqual(await live(dir), first);
    const failed = world.last("reload_failed")!;
    assert.equal(failed.reason, "dependent_broken");
    assert.match(failed.message, /exit code 1/);
    assert.equal(world.last("rolled_back"), undefined);
    await world.until(runner, "delivered");
    assert.deepEqual([runner.state.reloadOwed, runner.state.reloadTrouble], [false, undefined]);
    assert.equal(world.issuer.signed, 2);
  },
);

inWorld("a pair that is refused is taken back, kept, offered again, and costs no other", async (world, dir) => {
  const { runner, first } = await accepted(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  assert.equal(await live(dir), first);
  assert.deepEqual(paths(world).slice(2), ["/check", "/check"], "the dependent is told nothing");
  assert.equal(world.last("rolled_back")?.reason, "dependent_refused");
  const failed = world.last("rotation_failed")!;
  assert.deepEqual([failed.stage, failed.reason], ["reload", "dependent_refused"]);
  assert.ok(failed.retryAt > failed.at);
  const kept = parseCertificate(await readFile(dir.join("held/refused/web/tls.crt"), "utf8")).serial;
  assert.equal(kept, world.last("issued")?.serial);
  assert.deepEqual([runner.state.reloadOwed, runner.state.current?.serial], [false, first]);

  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  assert.equal(world.events.filter(({ kind }) => kind === "rolled_back").length, 2);
  assert.equal(await live(dir), first);
  await world.next(runner);
  assert.equal(await live(dir), kept);
  assert.equal(world.issuer.signed, 2);
  assert.equal(runner.state.rotationTrouble, undefined);
  assert.equal(paths(world).at(-1), "/reload");
});

inWorld("it is offered again after a restart, which tells nobody anything", async (world, dir) => {
  const { spec, runner, first } = await accepted(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const kept = world.last("issued")?.serial;
  const told = world.reloads.length;
  const second = world.start(spec);
  world.checkFailures.push(undefined, refusal());
  await world.settle(second);
  assert.equal(await live(dir), first);
  assert.equal(world.reloads.length, told);
  await world.next(second);
  assert.equal(await live(dir), kept);
  assert.equal(world.issuer.signed, 2);
});

inWorld("another request that is refused is offered again too, long before the old pair is due", async (world, dir) => {
  const { spec, first } = await accepted(world, dir);
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const runner = world.start({ ...spec, request: { ...spec.request, names, ttl: HOUR / 2 } });
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.equal(await live(dir), first);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  await world.next(runner);
  assert.equal(world.issuer.signed, 2);
  assert.equal(await live(dir), world.last("issued")?.serial);
  assert.ok(world.clock.now() < runner.state.current!.receivedAt + 20 * MINUTE);
});

inWorld("a renewal by hand that is refused is offered again; another one by hand is a new one", async (world, dir) => {
  const { runner, first } = await accepted(world, dir);
  const ask = () => runner.say({ kind: "renewal_requested", by: "operator", force: false });
  ask();
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.equal(await live(dir), first);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  assert.equal(world.issuer.signed, 2);
  ask();
  await world.settle(runner);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await live(dir), world.last("issued")?.serial);
});

inWorld("a refused pair that has ended stands in no way", async (world, dir) => {
  const { runner } = await accepted(world, dir);
  const first = runner.state.current!;
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const refused = world.last("issued")!;
  assert.ok(refused.notAfter > first.notAfter);
  await world.clock.advance(refused.notAfter - world.clock.now() + MINUTE);
  await world.settle(runner);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await live(dir), world.last("issued")?.serial);
});

inWorld("a refused pair that is no answer to what is asked for now stands in no way", async (world, dir) => {
  const { spec, runner } = await accepted(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const other = world.start({ ...spec, request: { ...spec.request, names } });
  await world.settle(other);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await live(dir), world.last("issued")?.serial);
});

inWorld("there is no way back to a pair that is nearly over: the refused one stays", async (world, dir) => {
  const { runner, first } = await accepted(world, dir);
  await world.clock.advance(runner.state.current!.notAfter - world.clock.now() - 5 * MINUTE);
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.notEqual(await live(dir), first);
  assert.equal(world.last("rolled_back"), undefined);
  assert.equal(world.last("reload_failed")?.reason, "dependent_refused");
  await world.next(runner);
  assert.equal(runner.state.reloadOwed, false);
});

inWorld("a dependent that took the pair once and is broken since does not refuse it", async (world, dir) => {
  const probes = [exampleProbe()];
  const { runner, first } = await accepted(world, dir, { probes });
  world.serving = await readFile(dir.join("live/tls.crt"), "utf8");
  while (world.last("proof_failed") === undefined) await world.next(runner);
  world.checkFailures.push(refusal());
  await world.next(runner);
  assert.equal(world.last("reload_failed")?.reason, "dependent_broken");
  assert.notEqual(await live(dir), first);
});

inWorld("a pair that was put back and that nobody was told of is told of", async (world, dir) => {
  const { runner } = await accepted(world, dir);
  world.windowOpensAt = world.clock.now() + 100 * HOUR;
  const renew = async () => {
    runner.say({ kind: "renewal_requested", by: "operator", force: false });
    await world.settle(runner);
  };
  await renew();
  const untold = await live(dir);
  assert.equal(world.reloads.length, 1);
  await renew();
  world.windowOpensAt = 0;
  world.checkFailures.push(refusal());
  await world.settle(runner);
  assert.equal(await live(dir), untold);
  assert.deepEqual([world.reloads.length, runner.state.reloadOwed], [2, false]);
});

inWorld("a refused pair that cannot be kept is lost, and says so; the service is as before", async (world, dir) => {
  const { runner, first } = await accepted(world, dir);
  world.checkFailures.push(undefined, refusal());
  const published = async () => {
    while (world.issuer.signed < 2) {
      const decision = runner.decide();
      if (decision.kind === "wait") await world.clock.advance(decision.until - world.clock.now());
      else await world.step(runner, decision);
    }
  };
  await published();
  world.commitFailures.push(new LeafdError("disk_full", "no space left"));
  await world.settle(runner);
  assert.match(world.last("pair_warning")?.message ?? "", /^the refused pair \(due in .*\) is not kept: no space left/);
  assert.equal(await live(dir), first);
  assert.ok(!existsSync(dir.join("held/refused/web/tls.crt")));
});
