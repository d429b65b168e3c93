import assert from "node:assert/strict";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { ensure } from "../../../src/rotation/once.ts";
import { inWorld } from "../../support/in-world.ts";

/*
 * Never a storm: what an issuer that has nothing better to give, an impatient command or a change for many services
 * may cost.
 */

inWorld("a fixed end that is reached costs no further certificate, to its last second", async (world) => {
  const spec = world.spec();
  const notAfter = world.clock.now() + HOUR;
  const { ttl: _ttl, ...request } = { ...spec.request, notAfter };
  const runner = world.start({ ...spec, request });
  world.issuer.next.push({ notAfter });
  await world.settle(runner);
  while (world.clock.now() < notAfter) await world.next(runner);
  assert.equal(world.last("rotation_failed")?.reason, "no_gain");
  assert.match(world.last("rotation_failed")?.hint ?? "", /notAfter/);
  assert.equal(world.issuer.asked, 1);
});

inWorld(
  "a CA whose end clips every certificate is asked a handful of times, and not faster as its end comes",
  async (world) => {
    const runner = world.start();
    const end = world.clock.now() + 10 * MINUTE;
    world.issuer.next.push(...Array.from({ length: 1000 }, () => ({ notAfter: end })));
    await world.settle(runner);
    while (world.clock.now() < end) await world.next(runner);
    assert.ok(world.issuer.asked <= 8, `${world.issuer.asked} certificates`);
  },
);

inWorld("once --min-remaining beyond what the issuer gives costs one certificate", async (world) => {
  const runner = world.start();
  const goal = { clock: world.clock, minRemaining: 2 * HOUR, reload: false };
  await ensure(runner, goal, new AbortController().signal);
  assert.equal(world.issuer.asked, 1);
});

inWorld("a changed request waits for its place in the pace, and a renewal that is due does not", async (world) => {
  const spec = world.spec();
  const first = world.start(spec);
  await world.settle(first);
  const names = { ...spec.request.names, dns: ["api.svc", "web.svc"] };
  const changed = { ...spec, request: { ...spec.request, names } };
  const paced = world.start(changed, { pace: 5 * MINUTE });
  const at = await world.settle(paced);
  assert.ok(at > world.clock.now() && at <= world.clock.now() + 5 * MINUTE);
  assert.equal(world.issuer.asked, 1);
  await world.next(paced);
  assert.equal(world.last("published")?.cause, "request_changed");

  const late = world.start(spec, { pace: 30 * DAY });
  const due = await world.settle(late);
  assert.equal(due, late.state.current?.due);
});

inWorld("a reload that hangs ends when the renewal is due, and the renewal comes", async (world) => {
  world.reloadsHang = true;
  const runner = world.start();
  const end = world.clock.now() + 2 * HOUR;
  while (world.clock.now() < end) {
    const decision = runner.decide();
    if (decision.kind === "wait") await world.clock.advance(decision.until - world.clock.now());
    else await world.step(runner, decision);
  }
  assert.equal(world.last("reload_failed")?.reason, "reload_timeout");
  assert.ok(world.issuer.signed >= 3, `${world.issuer.signed} certificates in two hours of 1 h each`);
  assert.ok((runner.state.current?.notAfter ?? 0) > world.clock.now() + 10 * SECOND);
});
