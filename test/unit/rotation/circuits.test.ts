import assert from "node:assert/strict";
import { LeafdError } from "../../../src/domain/errors.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { Circuits } from "../../../src/rotation/circuits.ts";
import { exampleIssuer } from "../../support/circumstances.ts";
import { inWorld } from "../../support/in-world.ts";
import type { RotationWorld } from "../../support/rotation-world.ts";
import { waitFor } from "../../support/wait-for.ts";

const SEALED = new LeafdError("sealed", "Vault is sealed");
const DEAD = { kind: "away", reason: "server_error" } as const;
const OK = { kind: "ok" } as const;

/** The circuits of a service whose pair lives for another hour; a look at the health comes every 18 s then. */
function circuitsOf(world: RotationWorld) {
  const { clock, issuer } = world;
  const states: string[] = [];
  const looks: number[] = [];
  let changed = 0;
  const circuits = new Circuits({
    clock,
    emit: (event) => void (event.kind === "issuer_circuit" && states.push(event.state)),
    remaining: () => HOUR,
    changed: () => void (changed += 1),
  });
  const health = issuer.health.bind(issuer);
  issuer.health = () => {
    looks.push(clock.now());
    return health();
  };
  const report = (...outcomes: readonly (typeof DEAD | typeof OK)[]) => {
    for (const outcome of outcomes) circuits.report(issuer, outcome);
  };
  return { circuits, states, looks, report, changes: () => changed };
}

inWorld(
  "a circuit that is open is looked at by one, and let through to one, until that one has succeeded",
  async (world) => {
    const { circuits, states, looks, report } = circuitsOf(world);
    const began = world.clock.now();
    world.issuer.away = SEALED;
    report(DEAD, DEAD, DEAD);
    assert.equal(circuits.enter("main", "web"), false);
    await world.clock.advance(MINUTE);
    assert.deepEqual(
      looks.map((at) => (at - began) / SECOND),
      [18, 36, 54],
    );
    world.issuer.away = undefined;
    await world.clock.advance(12 * SECOND);
    assert.deepEqual(states, ["open", "half_open"]);
    assert.deepEqual([circuits.enter("main", "web"), circuits.enter("main", "api")], [true, false]);
    report(OK);
    circuits.leave("main", "web");
    assert.deepEqual([circuits.enter("main", "api"), states.at(-1)], [true, "closed"]);
    await world.clock.advance(HOUR);
    assert.equal(looks.length, 4, "nothing stands against it any more");
  },
);

inWorld("one that tried and asked nothing leaves the place to the next", async (world) => {
  const { circuits, report, changes } = circuitsOf(world);
  report(DEAD, DEAD, DEAD);
  await world.clock.advance(18 * SECOND);
  assert.equal(circuits.enter("main", "web"), true);
  const before = changes();
  circuits.leave("main", "api");
  assert.equal(circuits.enter("main", "api"), false, "it was not api's to leave");
  circuits.leave("main", "web");
  assert.equal(changes() - before, 1, "those who wait are told");
  assert.equal(circuits.enter("main", "api"), true);
});

inWorld("a health that is good without certificates is looked at less and less often", async (world) => {
  const { circuits, states, looks, report } = circuitsOf(world);
  report(DEAD, DEAD, DEAD);
  const end = world.clock.now() + HOUR;
  while (world.clock.now() < end) {
    await world.clock.advance(SECOND);
    if (circuits.of("main").kind !== "half_open") continue;
    circuits.enter("main", "web");
    report(DEAD);
    circuits.leave("main", "web");
  }
  const gaps = looks.slice(1).map((at, index) => Math.round((at - (looks[index] ?? 0)) / SECOND));
  assert.deepEqual(gaps.slice(0, 5), [36, 72, 144, 180, 180]);
  assert.ok(states.length < 50, `${states.length} changes in an hour`);
});

inWorld(
  "an issuer that failed once is looked at until services may go back, and asked for certificates meanwhile",
  async (world) => {
    const { circuits, states, looks, report, changes } = circuitsOf(world);
    report(DEAD);
    assert.equal(circuits.enter("main", "web"), true);
    await world.clock.advance(MINUTE);
    assert.deepEqual([looks.length, states], [2, []]);
    assert.equal(changes(), 2, "that it was left, and that it may be gone back to");
  },
);

inWorld("what is closed or forgotten is looked at no more", async (world) => {
  const { circuits, looks, report } = circuitsOf(world);
  report(DEAD, DEAD, DEAD);
  circuits.forget("main");
  assert.equal(circuits.of("main").kind, "closed");
  await world.clock.advance(HOUR);
  assert.equal(looks.length, 0);
  report(DEAD, DEAD, DEAD);
  circuits.close();
  await world.clock.advance(HOUR);
  assert.equal(looks.length, 0);
  assert.equal(world.clock.sleeping, 0);
});

/** Services by their names, and how long their first pairs live, under a supervisor that runs. */
async function fleet(world: RotationWorld, lives: Readonly<Record<string, number>>) {
  const specs = Object.entries(lives).map(([name, ttl]) => {
    const { output, request } = world.spec();
    const directory = output.directory.replace(/live$/, name);
    return world.spec({ name, reload: [], request: { ...request, ttl }, output: { ...output, directory } });
  });
  const supervisor = world.supervisor();
  const stop = new AbortController();
  const running = supervisor.run(stop.signal);
  await supervisor.apply(specs);
  await waitFor(() => supervisor.services().every(({ state }) => state.current !== undefined));
  const end = async () => {
    stop.abort();
    await running;
  };
  return { supervisor, specs, [Symbol.asyncDispose]: end };
}

inWorld("after an outage the most urgent service tries the issuer first", async (world) => {
  await using place = await fleet(world, { a: 70 * MINUTE, b: HOUR, c: 80 * MINUTE });
  world.issuer.away = SEALED;
  await world.clock.advance(59 * MINUTE);
  const { supervisor } = place;
  assert.equal(supervisor.issuers()[0]?.circuit, "open");
  world.events.length = 0;
  world.issuer.away = undefined;
  const asked = () => world.events.flatMap((event) => (event.kind === "rotation_started" ? [event.service] : []));
  // Certificates are really signed meanwhile, which takes time that is not virtual.
  const isDone = async () => {
    await world.clock.advance(SECOND);
    return world.kinds().filter((kind) => kind === "published").length === 3;
  };
  await waitFor(isDone, { what: "all three", within: 30_000 });
  const closed = world.events.findIndex((event) => event.kind === "issuer_circuit" && event.state === "closed");
  const before = world.events.slice(0, closed).filter(({ kind }) => kind === "rotation_started");
  assert.deepEqual([asked()[0], before.length], ["b", 1], "the others wait until it has succeeded");
});

inWorld("an issuer that is another one now begins with a circuit of its own", async (world) => {
  await using place = await fleet(world, { a: HOUR });
  const { supervisor, specs } = place;
  world.issuer.away = SEALED;
  await world.clock.advance(50 * MINUTE);
  assert.equal(supervisor.issuers()[0]?.circuit, "open");
  await supervisor.apply(specs);
  assert.equal(supervisor.issuers()[0]?.circuit, "open", "nothing has changed");
  await supervisor.apply(specs, new Set(["default"]));
  assert.equal(supervisor.issuers()[0]?.circuit, "closed", "its cluster is another one");
  await world.clock.advance(MINUTE);
  assert.equal(supervisor.issuers()[0]?.circuit, "open");
  await supervisor.apply(specs.map((spec) => ({ ...spec, issuers: [exampleIssuer("main", { mount: "pki2" })] })));
  assert.equal(supervisor.issuers()[0]?.circuit, "closed", "its mount is another one");
});

inWorld("a service that never asked says why it left: what opened the circuit", async (world) => {
  world.addIssuer("dr");
  const runner = world.start(
    world.spec({
      issuers: [exampleIssuer("main"), exampleIssuer("dr")],
      outage: { atExpiry: { kind: "keep" }, failoverAfter: MINUTE },
    }),
  );
  await world.settle(runner);
  await world.pass(runner, 30 * MINUTE);
  world.issuer.away = SEALED;
  for (let outage = 0; outage < 3; outage++) world.crew?.circuits.report(world.issuer, DEAD);
  await world.pass(runner, 12 * MINUTE);
  const { to, reason } = world.last("rung_changed") ?? {};
  assert.deepEqual([to, reason, world.last("rotation_failed")], ["failover", "sealed", undefined]);
});

inWorld("a clock that is set back does not put off the look at an issuer that is away", async (world) => {
  const { circuits, states, report } = circuitsOf(world);
  world.issuer.away = SEALED;
  report(DEAD, DEAD, DEAD);
  world.clock.jump(-2 * DAY);
  circuits.reconsider();
  world.issuer.away = undefined;
  await world.clock.advance(MINUTE);
  assert.deepEqual(states, ["open", "half_open"]);
  circuits.close();
});
