import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { MINUTE } from "../../../src/domain/units.ts";
import { checkedService, liveSerial, refusal } from "../../support/checked-service.ts";
import { exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";

/* Who is to blame when the check of a dependent fails: the pair only when it was swapped in by then, and never taken. */

const paths = (world: RotationWorld) => world.steps.map((step) => (step.kind === "touch" ? step.path : step.kind));

inWorld("the dependent is checked before the swap and after it, and then told", async (world, dir) => {
  const { runner } = await checkedService(world, dir);
  assert.deepEqual(paths(world), ["/check", "/reload"], "without a pair there is nothing to check before");
  await world.next(runner);
  assert.deepEqual(paths(world).slice(2), ["/check", "/check", "/reload"]);
});

inWorld(
  "a dependent that was broken before is to blame, not the pair: it stays, and the reload is tried again",
  async (world, dir) => {
    const { runner, first } = await checkedService(world, dir);
    world.checkFailures.push(refusal(), refusal());
    await world.until(runner, "reload_failed");
    assert.notEqual(await liveSerial(dir), first);
    const failed = world.last("reload_failed")!;
    assert.equal(failed.reason, "dependent_broken");
    assert.match(failed.message, /exit code 1/);
    assert.equal(world.last("rolled_back"), undefined);
    await world.until(runner, "delivered");
    assert.deepEqual([runner.state.reloadOwed, runner.state.reloadTrouble], [false, undefined]);
    assert.equal(world.issuer.signed, 2);
  },
);

inWorld("a crash between the swap and the check does not clear a pair that is refused", async (world, dir) => {
  const { spec, runner, first } = await checkedService(world, dir);
  await world.until(runner, "published");
  const second = world.start(spec);
  world.checkFailures.push(refusal());
  await world.until(second, "rolled_back");
  await world.settle(second);
  assert.equal(await liveSerial(dir), first);
  await world.until(second, "delivered");
  assert.equal(world.issuer.signed, 2);
});

inWorld(
  "a pair that is live is not blamed after a restart for a dependent that is broken by then",
  async (world, dir) => {
    const probes = [exampleProbe()];
    const { spec, runner, first } = await checkedService(world, dir, { probes });
    const old = await readFile(dir.join("live/tls.crt"), "utf8");
    await world.until(runner, "published");
    await world.until(runner, "confirmed");
    const second = world.start(spec);
    world.serving = old;
    await world.until(second, "proof_failed");
    world.checkFailures.push(refusal());
    await world.until(second, "reload_failed");
    assert.equal(world.last("reload_failed")?.reason, "dependent_broken");
    assert.notEqual(await liveSerial(dir), first);
  },
);

inWorld("a pair whose reload waits for a window is checked and taken back at once", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir);
  world.windowOpensAt = world.clock.now() + 48 * MINUTE;
  world.checkFailures.push(undefined, refusal());
  await world.until(runner, "rolled_back");
  assert.ok(world.clock.now() < world.windowOpensAt);
  assert.equal(await liveSerial(dir), first);
  world.checkFailures.push(undefined, undefined, refusal());
  await world.until(runner, "reload_failed");
  assert.equal(world.last("reload_failed")?.reason, "dependent_broken", "what breaks later is not about the pair");
  await world.until(runner, "delivered");
  assert.equal(world.issuer.signed, 2);
});

inWorld("a dependent that watches the files itself has its pair checked too", async (world, dir) => {
  const { runner, first } = await checkedService(world, dir, { reload: [] });
  world.checkFailures.push(undefined, refusal());
  await world.until(runner, "rolled_back");
  await world.settle(runner);
  assert.equal(await liveSerial(dir), first);
  assert.equal(world.last("rotation_failed")?.reason, "dependent_refused");
});

inWorld("a dependent that took the pair once and is broken since does not refuse it", async (world, dir) => {
  const probes = [exampleProbe()];
  const { runner, first } = await checkedService(world, dir, { probes });
  world.serving = await readFile(dir.join("live/tls.crt"), "utf8");
  while (world.last("proof_failed") === undefined) await world.next(runner);
  world.checkFailures.push(refusal());
  await world.next(runner);
  assert.equal(world.last("reload_failed")?.reason, "dependent_broken");
  assert.notEqual(await liveSerial(dir), first);
});
