import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { ServiceSpec } from "../../../src/domain/spec.ts";
import { RotationWorld } from "../../support/rotation-world.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const named = (world: RotationWorld, dir: TempDir, name: string, changes: Partial<ServiceSpec> = {}): ServiceSpec => {
  const spec = world.spec();
  return { ...spec, name, output: { ...spec.output, directory: dir.join(name) }, ...changes };
};

test("what a new configuration adds, changes and removes leaves the others alone", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  const supervisor = world.supervisor();
  const [a, b, c] = ["a", "b", "c"].map((name) => named(world, dir, name, { reload: [] }));
  assert.deepEqual(await supervisor.apply([a!, b!]), { added: 2, changed: 0, removed: 0 });
  const stop = new AbortController();
  const running = supervisor.run(stop.signal);
  await waitFor(() => supervisor.services().every(({ state }) => state.current !== undefined));
  const before = supervisor.services().map(({ state }) => state.current?.serial);

  world.events.length = 0;
  const wider = { ...b!, renewAt: 0.5 };
  assert.deepEqual(await supervisor.apply([a!, wider, c!]), { added: 1, changed: 1, removed: 0 });
  await waitFor(() => supervisor.services().every(({ state }) => state.current !== undefined));
  assert.deepEqual(
    supervisor
      .services()
      .slice(0, 2)
      .map(({ state }) => state.current?.serial),
    before,
  );
  assert.ok(!world.events.some((event) => "service" in event && event.service === "a"));

  assert.deepEqual(await supervisor.apply([a!]), { added: 0, changed: 0, removed: 2 });
  assert.equal(supervisor.runner("b"), undefined);
  supervisor.runner("a")?.say({ kind: "renewal_requested", by: "operator", force: false });
  supervisor.interrupt("a");
  await waitFor(() => world.issuer.signed === 4, { what: "the renewal that was asked for" });
  stop.abort();
  await running;
});

test("a start with many services leaves the event loop its turns", async () => {
  await using dir = await tempDir();
  const world = await RotationWorld.create(dir);
  const supervisor = world.supervisor();
  const specs = Array.from({ length: 200 }, (_, index) => named(world, dir, `s${index}`, { reload: [] }));
  await supervisor.apply(specs);
  let longest = 0;
  const recovered = () => supervisor.services().filter(({ state }) => state.recovered).length;
  for (let last = performance.now(); recovered() < specs.length; last = performance.now()) {
    await turn();
    longest = Math.max(longest, performance.now() - last);
  }
  assert.ok(longest < 500, `${longest} ms without a turn`);
  const stop = new AbortController();
  const running = supervisor.run(stop.signal);
  stop.abort();
  await running;
});
