import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseCertificate } from "../../../src/domain/certificate.ts";
import { LeafdError } from "../../../src/domain/errors.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { checkedService, liveSerial, refusal } from "../../support/checked-service.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";

/* A pair that its dependent refuses is taken back and offered again, and costs no other. */

const paths = (world: RotationWorld) => world.steps.map((step) => (step.kind === "touch" ? step.path : step.kind));

inWorld("a pair that is refused is taken back, kept, offered again, and costs no other", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  assert.equal(await liveSerial(dir), first);
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
  assert.equal(await liveSerial(dir), first);
  await world.next(runner);
  assert.equal(await liveSerial(dir), kept);
  assert.equal(world.issuer.signed, 2);
  assert.equal(runner.state.rotationTrouble, undefined);
  assert.equal(paths(world).at(-1), "/reload");
});

inWorld("it is offered again after a restart, which tells nobody anything", async (world, dir) => {
  const { spec, runner, first } = await checkedService(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const kept = world.last("issued")?.serial;
  const told = world.reloads.length;
  const second = world.start(spec);
  world.checkFailures.push(undefined, refusal());
  await world.settle(second);
  assert.equal(await liveSerial(dir), first);
  assert.equal(world.reloads.length, told);
  await world.next(second);
  assert.equal(await liveSerial(dir), kept);
  assert.equal(world.issuer.signed, 2);
});

inWorld("another request that is refused is offered again too, long before the old pair is due", async (world, dir) => {
  const { spec, first } = await checkedService(world, dir);
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const runner = world.start({ ...spec, request: { ...spec.request, names, ttl: HOUR / 2 } });
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.equal(await liveSerial(dir), first);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  await world.next(runner);
  assert.equal(world.issuer.signed, 2);
  assert.equal(await liveSerial(dir), world.last("issued")?.serial);
  assert.ok(world.clock.now() < runner.state.current!.receivedAt + 20 * MINUTE);
});

inWorld("a renewal by hand that is refused is offered again; another one by hand is a new one", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir);
  const ask = () => runner.say({ kind: "renewal_requested", by: "operator", force: false });
  ask();
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.equal(await liveSerial(dir), first);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  assert.equal(world.issuer.signed, 2);
  ask();
  await world.settle(runner);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await liveSerial(dir), world.last("issued")?.serial);
});

inWorld("a refused pair that has ended stands in no way", async (world, dir) => {
  const { runner } = await checkedService(world, dir);
  const first = runner.state.current!;
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const refused = world.last("issued")!;
  assert.ok(refused.notAfter > first.notAfter);
  await world.clock.advance(refused.notAfter - world.clock.now() + MINUTE);
  await world.settle(runner);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await liveSerial(dir), world.last("issued")?.serial);
});

inWorld("a refused pair that is no answer to what is asked for now stands in no way", async (world, dir) => {
  const { spec, runner } = await checkedService(world, dir);
  world.checkFailures.push(undefined, refusal());
  await world.next(runner);
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const other = world.start({ ...spec, request: { ...spec.request, names } });
  await world.settle(other);
  assert.equal(world.issuer.signed, 3);
  assert.equal(await liveSerial(dir), world.last("issued")?.serial);
});

inWorld("there is no way back to a pair that is nearly over: the refused one stays", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir);
  await world.clock.advance(runner.state.current!.notAfter - world.clock.now() - 5 * MINUTE);
  world.checkFailures.push(undefined, refusal());
  await world.settle(runner);
  assert.notEqual(await liveSerial(dir), first);
  assert.equal(world.last("rolled_back"), undefined);
  assert.equal(world.last("reload_failed")?.reason, "dependent_refused");
  await world.next(runner);
  assert.equal(runner.state.reloadOwed, false);
});

inWorld("a pair that was put back and that nobody was told of is told of", async (world, dir) => {
  const { spec, runner } = await checkedService(world, dir);
  world.windowOpensAt = world.clock.now() + 100 * HOUR;
  const renew = async () => {
    runner.say({ kind: "renewal_requested", by: "operator", force: false });
    await world.settle(runner);
  };
  await renew();
  const untold = await liveSerial(dir);
  assert.equal(world.reloads.length, 1);
  world.checkFailures.push(undefined, refusal());
  await renew();
  assert.equal(await liveSerial(dir), untold);
  assert.equal(world.reloads.length, 1);
  const second = world.start(spec);
  await world.settle(second);
  assert.equal(second.state.reloadOwed, true, "nor is it forgotten by a restart");
  world.windowOpensAt = 0;
  await world.until(second, "delivered");
  assert.deepEqual([world.reloads.length, second.state.reloadOwed], [2, false]);
});

inWorld("a refused pair that cannot be kept is lost, and says so; the service is as before", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir);
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
  assert.equal(await liveSerial(dir), first);
  assert.ok(!existsSync(dir.join("held/refused/web/tls.crt")));
});
