import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { DAY, type EpochMillis, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";

/* Reloads wait for the operator's windows and for the end of a pause; what dependents use never ends meanwhile. */

/** A service whose first pair its dependents know, and no window soon. */
async function told(world: RotationWorld, changes: Partial<ServiceSpec> = {}) {
  const spec = world.spec(changes);
  const runner = world.start(spec);
  await world.settle(runner);
  assert.equal(world.reloads.length, 1);
  world.windowOpensAt = world.clock.now() + 30 * DAY;
  return { spec, runner, first: runner.state.current! };
}

/** Two margins of a twentieth of an hour; the ends of certificates are whole seconds. */
function assertJustBefore(at: EpochMillis, end: EpochMillis): void {
  assert.ok(Math.abs(end - 6 * MINUTE - at) < SECOND, `${(end - at) / SECOND} s before the end`);
}

const byHand = (force: boolean) => ({ kind: "renewal_requested", by: "operator", force }) as const;

inWorld("a reload waits for its window, and the renewal does not", async (world) => {
  const { runner } = await told(world);
  const opens = world.clock.now() + 42 * MINUTE;
  world.windowOpensAt = opens;
  await world.until(runner, "published");
  assert.ok(world.clock.now() < opens);
  await world.until(runner, "reload_started");
  assert.ok(world.last("reload_started")!.at >= opens);
  assert.equal(world.last("window_yielded"), undefined);
});

inWorld("a window that opens too late yields before the served pair ends, and says so", async (world) => {
  const { runner, first } = await told(world);
  await world.until(runner, "published");
  assert.equal(runner.decide().kind, "wait");
  await world.until(runner, "delivered");
  const { at, opensAt, servedUntil } = world.last("window_yielded")!;
  assert.deepEqual([opensAt, servedUntil], [world.windowOpensAt, first.notAfter]);
  assertJustBefore(at, first.notAfter);
});

inWorld("what counts is the pair in use, however often it was renewed meanwhile and leafd restarted", async (world) => {
  const { spec, runner, first } = await told(world);
  await world.until(runner, "published");
  runner.say(byHand(false));
  await world.until(runner, "published");
  const second = world.start(spec);
  await world.settle(second);
  assert.deepEqual([second.state.reloadOwed, world.reloads.length], [true, 1]);
  await world.until(second, "delivered");
  assert.equal(world.last("window_yielded")?.servedUntil, first.notAfter);
  assertJustBefore(world.last("window_yielded")!.at, first.notAfter);
});

inWorld(
  "a reload that did not help is repeated in the next window, or before the old leaf ends",
  async (world, dir) => {
    const { runner, first } = await told(world, { probes: [exampleProbe()] });
    world.serving = await readFile(dir.join("live/tls.crt"), "utf8");
    world.windowOpensAt = 0;
    await world.until(runner, "proof_failed");
    assert.equal(world.last("proof_failed")?.servedUntil, first.notAfter);
    world.windowOpensAt = world.clock.now() + 30 * DAY;
    await world.until(runner, "reload_started");
    assert.equal(world.last("window_yielded")?.servedUntil, first.notAfter);
    assertJustBefore(world.last("window_yielded")!.at, first.notAfter);
    await world.until(runner, "delivered");
    world.serving = undefined;
    await world.until(runner, "confirmed");
    assert.equal(runner.state.staleUntil, undefined);
  },
);

inWorld("force goes through a window and a pause, tells the dependents, and leaves the pause", async (world) => {
  const { runner } = await told(world);
  const until = world.clock.now() + HOUR / 2;
  runner.say({ kind: "paused", until });
  runner.say(byHand(false));
  assert.deepEqual(runner.decide(), { kind: "wait", until, next: "issue" });
  runner.say(byHand(true));
  await world.settle(runner);
  assert.deepEqual([world.issuer.signed, world.reloads.length], [2, 2]);
  assert.equal(world.last("window_yielded"), undefined);
  assert.deepEqual([runner.state.pausedUntil, runner.state.force], [until, false]);
});

inWorld("a pause holds back reloads and their repetition, and what is owed is paid after it", async (world) => {
  const { runner } = await told(world);
  world.windowOpensAt = 0;
  while (!runner.state.reloadOwed) {
    const decision = runner.decide();
    if (decision.kind === "wait") await world.clock.advance(decision.until - world.clock.now());
    else await world.step(runner, decision);
  }
  const until = world.clock.now() + 5 * MINUTE;
  runner.say({ kind: "paused", until });
  await world.until(runner, "delivered");
  assert.ok(world.last("reload_started")!.at >= until);
});
