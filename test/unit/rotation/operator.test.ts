import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTime, HOUR, MINUTE } from "../../../src/domain/units.ts";
import { Operator } from "../../../src/rotation/operator.ts";
import { RotationWorld } from "../../support/rotation-world.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const WEB = { services: ["web"] };

/** One service with a pair of an hour, its loop running; `await using` ends that. */
async function running() {
  const dir = await tempDir();
  const world = await RotationWorld.create(dir);
  const supervisor = world.supervisor();
  const operator = new Operator({ supervisor, pauses: world.pauses, clock: world.clock });
  const stop = new AbortController();
  const work = supervisor.run(stop.signal);
  return {
    world,
    supervisor,
    operator,
    state: () => supervisor.runner("web")!.state,
    /** The service as it is configured, its certificate on disk. */
    async begin() {
      await supervisor.apply([world.spec({ reload: [] })]);
      await waitFor(() => supervisor.runner("web")?.state.current !== undefined);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await work;
      await dir[Symbol.asyncDispose]();
    },
  };
}

test("a pause says until when, and warns when the certificate ends before that", async () => {
  await using place = await running();
  await place.begin();
  const { operator, state, world } = place;
  const now = world.clock.now();
  const short = { service: "web", accepted: true, message: `paused until ${formatTime(now + 10 * MINUTE)}` };
  assert.deepEqual(operator.pause({ ...WEB, duration: 10 * MINUTE }), [short]);
  assert.equal(state().pausedUntil, now + 10 * MINUTE);

  const [long] = operator.pause({ all: true, duration: 2 * HOUR });
  const end = formatTime(state().current!.notAfter);
  assert.equal(long?.warning, `its certificate ends at ${end}, within the pause`);
  assert.equal(place.world.pauses.until("web"), now + 2 * HOUR);
});

test("a paused service is renewed by force alone, and stays paused", async () => {
  await using place = await running();
  await place.begin();
  const { operator, state, world } = place;
  operator.pause({ ...WEB, duration: HOUR });
  const until = formatTime(world.clock.now() + HOUR);
  assert.deepEqual(operator.renew({ ...WEB, force: false }), [
    { service: "web", accepted: false, message: `paused until ${until}; resume it, or renew it with --force` },
  ]);
  assert.deepEqual([state().renewalAsked, state().force], [false, false]);

  assert.equal(operator.renew({ ...WEB, force: true })[0]?.accepted, true);
  assert.deepEqual([state().renewalAsked, state().force], [true, true]);
  await waitFor(() => world.issuer.signed === 2, { what: "the renewal by force" });
  await waitFor(() => !state().force, { what: "the end of the force" });
  assert.equal(formatTime(state().pausedUntil ?? 0), until);
});

test("a pause ends at the word of the operator, or with its time", async () => {
  await using place = await running();
  await place.begin();
  const { operator, state, world } = place;
  operator.pause({ ...WEB, duration: HOUR });
  assert.deepEqual(operator.resume(WEB), [{ service: "web", accepted: true, message: "resumed" }]);
  assert.deepEqual(operator.resume(WEB), [{ service: "web", accepted: true, message: "was not paused" }]);
  assert.deepEqual([state().pausedUntil, place.world.pauses.until("web")], [undefined, undefined]);
  assert.equal(operator.renew({ ...WEB, force: false })[0]?.accepted, true);

  operator.pause({ ...WEB, duration: 10 * MINUTE });
  await world.clock.advance(10 * MINUTE);
  await waitFor(() => state().pausedUntil === undefined, { what: "the end of the pause" });
  assert.equal(place.world.pauses.until("web"), undefined);
  const said = world.events.flatMap((event) => (event.kind === "resumed" ? [event.by] : []));
  assert.deepEqual(said, ["operator", "time"]);
});

test("a pause goes on after a restart and a change of configuration, and one that is over does not", async () => {
  await using place = await running();
  const { supervisor, world, state } = place;
  await place.begin();
  const until = world.clock.now() + HOUR;
  world.pauses.pause("web", until);
  await supervisor.apply([world.spec({ reload: [], renewAt: 0.5 })]);
  await waitFor(() => state().current !== undefined);
  assert.equal(state().pausedUntil, until);
  assert.equal(world.last("paused")?.until, until);

  world.pauses.pause("web", world.clock.now());
  await supervisor.apply([world.spec({ reload: [], renewAt: 0.6 })]);
  await waitFor(() => state().current !== undefined);
  assert.equal(state().pausedUntil, undefined);
});

test("a pause leaves the rotation that is under way", async () => {
  await using place = await running();
  await place.begin();
  const { operator, world, state } = place;
  const { promise: asked, resolve } = Promise.withResolvers<AbortSignal>();
  world.issuer.unanswered = resolve;
  operator.renew({ ...WEB, force: true });
  const request = await asked;
  operator.pause({ ...WEB, duration: 10 * MINUTE });
  assert.ok(request.aborted);
  assert.deepEqual([state().renewalAsked, state().force], [true, false]);
});

test("a service that does not exist is said to", async () => {
  await using place = await running();
  await place.begin();
  const { operator } = place;
  const expected = ["web", "nope"].map((service) => [service, service === "web"]);
  for (const answers of [
    operator.renew({ services: ["web", "nope"], force: true }),
    operator.pause({ services: ["web", "nope", "web"], duration: HOUR }),
    operator.resume({ services: ["web", "nope"] }),
  ])
    assert.deepEqual(
      answers.map(({ service, accepted }) => [service, accepted]),
      expected,
    );
});
