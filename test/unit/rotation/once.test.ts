import assert from "node:assert/strict";
import { test } from "node:test";
import { LeafdError } from "../../../src/domain/errors.ts";
import { HOUR, MINUTE } from "../../../src/domain/units.ts";
import { ensure, isGood } from "../../../src/rotation/once.ts";
import { RotationWorld } from "../../support/rotation-world.ts";
import { tempDir } from "../../support/temp-dir.ts";

const sealed = () => new LeafdError("sealed", "Vault is sealed");
const goalOf = (world: RotationWorld, minRemaining = 0) => ({ clock: world.clock, minRemaining, reload: false });

test("what is good on disk needs no issuer, even when its renewal is due", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  await ensure(world.start(), goalOf(world), new AbortController().signal);
  await world.clock.advance(50 * MINUTE);
  world.issuer.next.push(sealed());
  const runner = world.start();
  await ensure(runner, goalOf(world), new AbortController().signal);
  assert.equal(isGood(runner, goalOf(world)), true);
  assert.equal(world.issuer.asked, 1);
  assert.equal(world.reloads.length, 0, "a later run pays the reload");
});

test("a pair that lives too short is replaced", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  await ensure(world.start(), goalOf(world), new AbortController().signal);
  await world.clock.advance(10 * MINUTE);
  const runner = world.start();
  await ensure(runner, goalOf(world, 55 * MINUTE), new AbortController().signal);
  assert.equal(world.issuer.signed, 2);
  assert.ok((runner.state.current?.notAfter ?? 0) > world.clock.now() + 55 * MINUTE);
});

test("an outage is waited out, until the time is over", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  world.issuer.next.push(sealed(), sealed());
  const runner = world.start();
  const done = ensure(runner, goalOf(world), new AbortController().signal);
  await world.passTimeUntil(done);
  assert.equal(world.issuer.asked, 3);

  const stop = new AbortController();
  world.issuer.next.push(...Array.from({ length: 99 }, sealed));
  const late = ensure(world.start(), goalOf(world, 2 * HOUR), stop.signal);
  void world.clock.sleep(5 * MINUTE).then(() => stop.abort(new Error("out of time")));
  await world.passTimeUntil(late);
  await assert.rejects(late, /out of time/);
});

test("a service that nobody requires is tried, and not waited for", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  world.issuer.next.push(...Array.from({ length: 99 }, sealed));
  const runner = world.start();
  await ensure(runner, { ...goalOf(world), patience: AbortSignal.abort() }, new AbortController().signal);
  assert.equal(world.issuer.asked, 1);
  assert.equal(isGood(runner, goalOf(world)), false);
});
