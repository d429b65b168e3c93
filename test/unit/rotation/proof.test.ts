import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { LeafdError } from "../../../src/domain/errors.ts";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { MINUTE, SECOND } from "../../../src/domain/units.ts";
import { exampleProbe } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/* A rotation is over when its dependents are seen to serve the new leaf, and not before. */

const RELOAD: ReloadStep = { kind: "touch", path: "/reload" };
const RESTART: ReloadStep = { kind: "touch", path: "/restart" };
const KILL: ReloadStep = { kind: "touch", path: "/kill" };

function probed(world: RotationWorld, changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return world.spec({ reload: [RELOAD], escalate: [RESTART, KILL], probes: [exampleProbe()], ...changes });
}

/** A service whose first leaf is proved, and the PEM of that leaf. */
async function proved(world: RotationWorld, dir: TempDir, changes: Partial<ServiceSpec> = {}) {
  const runner = world.start(probed(world, changes));
  await world.settle(runner);
  assert.equal(runner.state.proofOwed, undefined);
  return { runner, old: await readFile(dir.join("live/tls.crt"), "utf8") };
}

const paths = (world: RotationWorld) => world.steps.map((step) => (step.kind === "touch" ? step.path : step.kind));
const unseen = () => new LeafdError("probe_failed", "cannot connect to 127.0.0.1:8443");

inWorld("a renewal is confirmed after its reload", async (world, dir) => {
  const { runner } = await proved(world, dir);
  const begun = world.events.length;
  await world.until(runner, "confirmed");
  const kinds = world.kinds().slice(begun);
  assert.deepEqual(kinds.slice(kinds.indexOf("reload_started")), [
    "reload_started",
    "reloaded",
    "delivered",
    "confirmed",
  ]);
  const { serial, endpoints, took, at } = world.last("confirmed")!;
  assert.deepEqual([serial, endpoints], [runner.state.current?.serial, 1]);
  assert.equal(took, at - world.last("delivered")!.at);
  assert.equal(runner.state.lastConfirm, at);
});

inWorld("an old worker that goes within `settle` is waited for, and nothing is told again", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "delivered");
  const told = world.last("delivered")!.at;
  while (world.clock.now() < told + 8 * SECOND) await world.until(runner, "proof_pending");
  assert.equal(world.last("proof_pending")?.outcome, "not_live");
  world.serving = undefined;
  await world.until(runner, "confirmed");
  assert.ok(world.clock.now() <= told + 10 * SECOND);
  assert.deepEqual(paths(world), ["/reload", "/reload"]);
  assert.equal(runner.state.reloadTrouble, undefined);
});

inWorld(
  "another leaf after `settle` is answered by a reload, then each step of escalate, then reloads",
  async (world, dir) => {
    const { runner, old } = await proved(world, dir);
    world.serving = old;
    await world.until(runner, "delivered");
    const told = world.last("delivered")!.at;
    await world.until(runner, "proof_failed");
    assert.equal(world.clock.now(), told + 10 * SECOND);
    const failed = world.last("proof_failed")!;
    assert.deepEqual([failed.outcome, failed.reason, failed.failures], ["not_live", "not_live", 1]);
    assert.match(
      failed.message,
      /^127\.0\.0\.1:8443 serves the certificate [0-9a-f]+, valid until .*Z, and not [0-9a-f]+$/,
    );
    for (let again = 2; again <= 5; again += 1) {
      await world.until(runner, "proof_failed");
      assert.equal(world.last("proof_failed")?.failures, again);
    }
    const [, ...steps] = paths(world);
    assert.deepEqual(steps, ["/reload", "/reload", "/restart", "/kill", "/reload"]);
    const escalations = world.events.flatMap((event) => (event.kind === "escalated" ? [event.step] : []));
    assert.deepEqual(escalations, [1, 2]);
    world.serving = undefined;
    await world.until(runner, "confirmed");
    assert.equal(runner.state.reloadTrouble, undefined);
    assert.equal(world.issuer.signed, 2, "no proof costs a certificate");
  },
);

inWorld("a restart that helps ends the escalation, and the next rotation begins with a reload", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "escalated");
  world.serving = undefined;
  await world.until(runner, "confirmed");
  world.serving = await readFile(dir.join("live/tls.crt"), "utf8");
  await world.until(runner, "published");
  await world.until(runner, "proof_failed");
  assert.deepEqual(paths(world).slice(-2), ["/restart", "/reload"]);
  assert.equal(world.last("proof_failed")?.failures, 1);
});

inWorld("a step of escalate that fails is taken again, and not left out", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "proof_failed");
  await world.until(runner, "delivered");
  await world.until(runner, "proof_failed");
  world.reloadFailures.push(new LeafdError("reload_failed", "exit code 1"));
  await world.until(runner, "escalated");
  assert.deepEqual(paths(world).slice(-3), ["/reload", "/restart", "/restart"]);
});

inWorld("what cannot be seen is looked at again, and nobody is told or restarted for it", async (world, dir) => {
  const { runner } = await proved(world, dir);
  world.serving = unseen();
  await world.until(runner, "delivered");
  const told = world.last("delivered")!.at;
  await world.until(runner, "proof_failed");
  assert.equal(world.clock.now(), told + 10 * SECOND);
  while (world.clock.now() < told + 10 * MINUTE) await world.until(runner, "proof_failed");
  const failed = world.last("proof_failed")!;
  assert.deepEqual([failed.outcome, failed.reason], ["unknown", "probe_failed"]);
  assert.ok(failed.retryAt - failed.at <= MINUTE);
  assert.deepEqual(paths(world), ["/reload", "/reload"]);
  assert.equal(runner.state.proofFailures, 0);
  world.serving = undefined;
  await world.until(runner, "confirmed");
});

inWorld("all endpoints must serve it, and one that serves another outweighs one unseen", async (world, dir) => {
  const probes = [8443, 8444, 8445].map(exampleProbe);
  const { runner, old } = await proved(world, dir, { probes });
  assert.equal(world.last("confirmed")?.endpoints, 3);
  await world.until(runner, "published");
  world.servingAt.set(8444, unseen());
  await world.until(runner, "proof_failed");
  assert.deepEqual(paths(world), ["/reload", "/reload"]);
  world.servingAt.set(8445, old);
  await world.until(runner, "proof_failed");
  assert.match(world.last("proof_failed")?.message ?? "", /^127\.0\.0\.1:8445 serves/);
  await world.until(runner, "delivered");
  world.servingAt.clear();
  await world.until(runner, "confirmed");
  assert.deepEqual(paths(world), ["/reload", "/reload", "/reload"]);
});

inWorld("a restart owes the proof again, and a dependent that serves an old leaf is told again", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "delivered");

  const second = world.start(probed(world));
  const begun = world.clock.now();
  await world.until(second, "recovered");
  assert.deepEqual([second.state.reloadOwed, second.state.proofOwed?.since], [false, begun]);
  await world.until(second, "proof_failed");
  await world.until(second, "delivered");
  assert.deepEqual(paths(world), ["/reload", "/reload", "/reload"]);
  world.serving = undefined;
  await world.until(second, "confirmed");

  const third = world.start(probed(world));
  await world.settle(third);
  assert.equal(world.events.at(-1)?.kind, "confirmed", "one that is live is seen to be, and told nothing");
  assert.equal(paths(world).length, 3);
});

inWorld("what was live is looked at every 5 min, and told again when it is not any more", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  await world.until(runner, "published");
  await world.until(runner, "confirmed");
  const seen = world.last("confirmed")!.at;
  await world.until(runner, "still_live");
  assert.equal(world.clock.now(), seen + 5 * MINUTE);
  world.clock.jump(-10 * MINUTE);
  const set = world.clock.now();
  await world.until(runner, "still_live");
  assert.equal(world.clock.now(), set + 5 * MINUTE, "a clock that is set back delays no look");
  world.serving = old;
  await world.until(runner, "delivered");
  assert.equal(world.last("proof_failed")?.outcome, "not_live");
  assert.deepEqual(paths(world), ["/reload", "/reload", "/reload"]);
  world.serving = undefined;
  await world.until(runner, "confirmed");
});

inWorld("proofs that fail stop no renewal, and what is owed then is the proof of the new leaf", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "proof_failed");
  while (world.issuer.signed < 4) await world.until(runner, "published");
  await world.until(runner, "delivered");
  assert.equal(runner.state.proofFailures, 0);
  world.serving = undefined;
  await world.until(runner, "confirmed");
  assert.equal(world.last("confirmed")?.serial, runner.state.current?.serial);
});

inWorld(
  "who watches the files is told nothing, and restarted when it is seen not to serve them",
  async (world, dir) => {
    const { runner, old } = await proved(world, dir, { reload: [] });
    assert.equal(world.last("confirmed")?.serial, runner.state.current?.serial);
    world.serving = old;
    await world.until(runner, "escalated");
    assert.deepEqual(paths(world), ["/restart"]);
    world.serving = undefined;
    await world.until(runner, "confirmed");
  },
);

inWorld("a clock that is set back meanwhile delays no look", async (world, dir) => {
  const { runner, old } = await proved(world, dir);
  world.serving = old;
  await world.until(runner, "delivered");
  await world.until(runner, "proof_pending");
  world.clock.jump(-10 * MINUTE);
  const set = world.clock.now();
  await world.until(runner, "proof_failed");
  assert.ok(world.clock.now() <= set + 10 * SECOND, `${world.clock.now() - set} ms later`);
  await world.until(runner, "delivered");
  world.clock.jump(-10 * MINUTE);
  world.serving = undefined;
  await world.until(runner, "confirmed");
  assert.equal(world.last("confirmed")?.took, 0);
});
