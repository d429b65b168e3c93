import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { DAY, HOUR } from "../../../src/domain/units.ts";
import { FirstLook } from "../../../src/rotation/first-look.ts";
import type { ServiceRunner } from "../../../src/rotation/runner.ts";
import { inWorld } from "../../support/in-world.ts";

/* What a start makes of a clock by which everything on disk is over. */

inWorld("a clock by which all pairs are over is suspected, before anything is issued", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  const received = world.last("published")?.leaf.receivedAt;
  world.clock.jump(10 * 365 * DAY);

  const again = world.start();
  const suspected: number[] = [];
  const look = new FirstLook({
    runners: [again],
    now: () => world.clock.now(),
    suspect: (plausible) => suspected.push(plausible),
  });
  await again.carryOut({ kind: "recover" }, new AbortController().signal);
  await look.looked(again);
  assert.deepEqual(suspected, [received]);
  world.clock.jump(-10 * 365 * DAY);
  assert.equal(again.decide().kind, "wait", "by the right time nothing is the matter with it");
  assert.equal(again.state.outdated, undefined);
  assert.equal(world.issuer.signed, 1);
});

inWorld("one pair that is over waits for the others, and their good pairs clear the clock", async (world, dir) => {
  const output = (name: string) => ({ ...world.spec().output, directory: dir.join(name) });
  const short = world.spec({ name: "short", output: output("short"), reload: [] });
  const long = world.spec({
    name: "long",
    output: output("long"),
    reload: [],
    request: { ...world.spec().request, ttl: 100 * DAY },
  });
  for (const spec of [short, long]) await world.settle(world.start(spec));
  await world.clock.advance(2 * HOUR);

  const runners = [world.start(short), world.start(long)] as const;
  const suspected: number[] = [];
  const look = new FirstLook({
    runners,
    now: () => world.clock.now(),
    suspect: (plausible) => suspected.push(plausible),
  });
  const [first, second] = runners;
  const recover = (runner: ServiceRunner) => runner.carryOut({ kind: "recover" }, new AbortController().signal);
  await recover(first);
  let waited = false;
  const looked = look.looked(first).then(() => (waited = true));
  await turn();
  assert.equal(waited, false, "the disk of the other has not been read yet");
  await recover(second);
  await look.looked(second);
  await looked;
  assert.deepEqual(suspected, []);
});

inWorld("a start without services waits for nothing", async (world) => {
  const runner = world.start();
  await world.settle(runner);
  await world.clock.advance(2 * HOUR);
  const look = new FirstLook({ runners: [], now: () => world.clock.now(), suspect: () => assert.fail() });
  await look.looked(runner);
});
