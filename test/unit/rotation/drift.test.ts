import assert from "node:assert/strict";
import { chmod, rm } from "node:fs/promises";
import { inWorld } from "../../support/in-world.ts";

const never = new AbortController().signal;

inWorld("what somebody else does to a pair while leafd runs is said when it is mended", async (world, dir) => {
  const runner = world.start();
  await world.settle(runner);
  assert.equal(world.last("published")?.mends, undefined, "the first pair mends nothing");
  await chmod(dir.join("live/tls.key"), 0o644);
  await runner.audit(never);
  assert.equal(world.last("published")?.mends, "damaged");
  assert.equal(world.issuer.asked, 1);
  await rm(dir.join("live"), { recursive: true });
  await runner.audit(never);
  await world.settle(runner);
  assert.equal(world.last("published")?.mends, "missing");
  await world.next(runner);
  assert.deepEqual([world.last("published")?.cause, world.last("published")?.mends], ["renewal_due", undefined]);
});

inWorld("a pair that is damaged at the start is mended, one that is not there is new", async (world, dir) => {
  await world.settle(world.start());
  await chmod(dir.join("live/tls.key"), 0o644);
  await world.settle(world.start());
  assert.equal(world.last("published")?.mends, "damaged");
  await rm(dir.join("live"), { recursive: true });
  await world.settle(world.start());
  assert.deepEqual([world.last("published")?.cause, world.last("published")?.mends], ["missing", undefined]);
});

inWorld("a restart knows when an earlier run had it issued and told", async (world) => {
  const first = world.start();
  await world.settle(first);
  const { lastIssue, lastReload } = first.state;
  assert.ok(lastIssue !== undefined && lastReload !== undefined);
  await world.clock.advance(60_000);
  const second = world.start();
  await world.settle(second);
  assert.deepEqual([second.state.lastIssue, second.state.lastReload], [lastIssue, lastReload]);
});
