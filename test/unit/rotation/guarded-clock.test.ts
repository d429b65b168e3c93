import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RotationEvent } from "../../../src/domain/events.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { GuardedClock } from "../../../src/rotation/guarded-clock.ts";
import type { Clock } from "../../../src/rotation/ports.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const START = Date.UTC(2026, 0, 1);

type Answer = number | undefined | "down";

/** A guarded clock over machine's clocks, whose server says what the test tells it to, and what it has emitted. */
function watched(machine = new VirtualClock(START), bare?: Clock) {
  const events: RotationEvent[] = [];
  const server: { asked: number; answer: () => Answer } = { asked: 0, answer: () => "down" };
  const serverTime = async () => {
    server.asked += 1;
    const answer = server.answer();
    if (answer === "down") throw new Error("connection refused");
    return answer;
  };
  const clock = new GuardedClock({ clock: bare ?? machine, emit: (event) => events.push(event), serverTime });
  const stop = new AbortController();
  const watching = clock.watch(stop.signal);
  const done = async () => {
    stop.abort();
    await watching;
    assert.equal(machine.sleeping, 0);
  };
  return { clock, machine, server, events, [Symbol.asyncDispose]: done };
}

/** What happened, in words of the events. */
const told = (events: readonly RotationEvent[]): string[] =>
  events.map((event) => {
    if (event.kind === "clock_doubted") return `${event.why} by ${event.departure}`;
    return event.kind === "clock_trusted" ? `trusted: ${event.how}` : event.kind;
  });

describe("a wall clock that keeps to the time that passes", () => {
  it("is believed, also when it is set by less than a minute", async () => {
    await using world = watched();
    const { clock, machine, events, server } = world;
    await machine.advance(DAY);
    machine.jump(50 * SECOND);
    assert.equal(clock.now(), START + DAY + 50 * SECOND);
    machine.jump(-100 * SECOND);
    assert.equal(clock.now(), START + DAY - 50 * SECOND);
    await machine.advance(DAY);
    assert.equal(clock.now(), machine.now());
    assert.deepEqual([events, server.asked], [[], 0]);
  });

  it("may be set so again a day later, and not again at once", async () => {
    await using world = watched();
    const { clock, machine, events } = world;
    machine.jump(50 * SECOND);
    await machine.advance(DAY);
    machine.jump(50 * SECOND);
    assert.equal(clock.now(), machine.now());
    assert.deepEqual(events, []);
    await machine.advance(2 * MINUTE);
    machine.jump(50 * SECOND);
    const expected = START + DAY + 2 * MINUTE + 50 * SECOND;
    assert.ok(Math.abs(clock.now() - expected) < SECOND);
    assert.equal(events.length, 1);
  });
});

describe("a wall clock that jumps", () => {
  for (const jump of [DAY, -DAY, 3650 * DAY, 61 * SECOND])
    it(`by ${jump} ms is not believed while no server can be asked`, async () => {
      await using world = watched();
      const { clock, machine, events, server } = world;
      await machine.advance(HOUR);
      machine.jump(jump);
      assert.equal(clock.now(), START + HOUR);
      const believed = START + HOUR;
      assert.deepEqual(events, [{ kind: "clock_doubted", at: believed, why: "departed", departure: jump, believed }]);
      await machine.advance(10 * MINUTE);
      assert.equal(clock.now(), START + HOUR + 10 * MINUTE);
      assert.equal(events.length, 1);
      assert.deepEqual(clock.status(), { doubted: true });
      assert.equal(server.asked, 121, "at once and then every 5 s");
    });

  it("is noticed although nobody asks for the time", async () => {
    await using world = watched();
    const { machine, events } = world;
    machine.jump(DAY);
    await machine.advance(30 * SECOND);
    assert.deepEqual(told(events), [`departed by ${DAY}`]);
  });

  it("is believed as soon as a server says the same time", async () => {
    await using world = watched();
    const { clock, machine, server, events } = world;
    machine.jump(DAY);
    assert.equal(clock.now(), START);
    await machine.settle();
    assert.equal(server.asked, 1);
    server.answer = () => machine.now() - 5 * SECOND;
    await machine.advance(30 * SECOND);
    assert.equal(clock.now(), START + DAY + 30 * SECOND);
    assert.deepEqual(told(events), [`departed by ${DAY}`, "trusted: server"]);
    assert.deepEqual(clock.status(), { doubted: false, skew: -5 * SECOND });
    await machine.advance(HOUR);
    assert.equal(server.asked, 2, "there is nothing to ask any more");
  });

  it("is not believed when the server says another time, and the skew is known", async () => {
    await using world = watched();
    const { clock, machine, server, events } = world;
    server.answer = () => START + machine.monotonic() + 2 * MINUTE;
    machine.jump(-DAY);
    clock.now();
    await machine.advance(HOUR);
    assert.equal(clock.now(), START + HOUR);
    assert.deepEqual(clock.status(), { doubted: true, skew: DAY + 2 * MINUTE });
    assert.deepEqual(told(events), [`departed by ${-DAY}`]);
  });

  it("is believed when it has jumped back, and doubted anew when it jumps again", async () => {
    await using world = watched();
    const { clock, machine, events, server } = world;
    for (const jump of [DAY, 10 * SECOND - DAY, DAY]) {
      machine.jump(jump);
      clock.now();
      await machine.advance(SECOND);
    }
    assert.deepEqual(told(events), [`departed by ${DAY}`, "trusted: returned", `departed by ${DAY}`]);
    assert.equal(clock.now(), START + 13 * SECOND);
    assert.equal(server.asked, 1);
    await machine.advance(2 * SECOND);
    assert.equal(server.asked, 2, "the second question keeps its distance from the first");
  });
});

describe("a machine that was suspended", () => {
  it("is told of, and its wall clock is believed at once", async () => {
    await using world = watched();
    const { clock, machine, events, server } = world;
    await machine.advance(HOUR);
    machine.suspend(8 * HOUR);
    machine.jump(20 * SECOND);
    assert.equal(clock.now(), START + 9 * HOUR + 20 * SECOND);
    assert.deepEqual(told(events), ["trusted: suspend"]);
    await machine.advance(MINUTE);
    machine.suspend(8 * HOUR);
    assert.equal(clock.now(), START + 17 * HOUR + 80 * SECOND);
    assert.deepEqual([events.length, server.asked], [2, 0]);
  });

  it("sleeps in its doubts as well: what was reckoned goes on", async () => {
    await using world = watched();
    const { clock, machine, events } = world;
    machine.jump(DAY);
    assert.equal(clock.now(), START);
    machine.suspend(8 * HOUR);
    assert.equal(clock.now(), START + 8 * HOUR);
    assert.deepEqual(told(events), [`departed by ${DAY}`]);
  });

  it("does not excuse a wall clock that was set on top", async () => {
    await using world = watched();
    const { clock, machine, events } = world;
    machine.suspend(8 * HOUR);
    machine.jump(DAY);
    clock.now();
    assert.deepEqual(told(events), [`departed by ${DAY + 8 * HOUR}`]);
  });

  it("cannot be told from a jump without a boot time", async () => {
    const machine = new VirtualClock(START);
    const bare: Clock = {
      now: () => machine.now(),
      monotonic: () => machine.monotonic(),
      sleep: (duration, signal) => machine.sleep(duration, signal),
    };
    await using world = watched(machine, bare);
    const { clock, events } = world;
    machine.suspend(8 * HOUR);
    assert.equal(clock.now(), START);
    assert.deepEqual(told(events), [`departed by ${8 * HOUR}`]);
  });
});

describe("a wall clock by which everything on disk has ended", () => {
  const plausible = START - 100 * DAY;

  it("is not believed until a server says the same time", async () => {
    await using world = watched();
    const { clock, machine, server, events } = world;
    clock.suspect(plausible);
    await machine.advance(MINUTE);
    assert.equal(clock.now(), plausible + MINUTE);
    server.answer = () => machine.now();
    await machine.advance(30 * SECOND);
    assert.equal(clock.now(), START + 90 * SECOND);
    assert.deepEqual(told(events), [`implausible by ${100 * DAY}`, "trusted: server"]);
    clock.suspect(plausible);
    assert.equal(clock.now(), START + 90 * SECOND, "the server has settled it");
  });

  it("gives way to the server's time when that is another one, until it is set right", async () => {
    await using world = watched();
    const { clock, machine, server, events } = world;
    const ahead = 99 * DAY;
    server.answer = () => machine.now() - ahead;
    clock.suspect(plausible);
    await machine.advance(MINUTE);
    assert.equal(clock.now(), START - ahead + MINUTE);
    assert.deepEqual(told(events), [`implausible by ${100 * DAY}`, `departed by ${ahead}`]);
    server.answer = () => "down";
    machine.jump(-ahead);
    assert.equal(clock.now(), machine.now());
    assert.deepEqual(told(events).at(-1), "trusted: returned");
  });

  it("is doubted even when it shows what was plausible", async () => {
    await using world = watched();
    const { clock, machine, events } = world;
    clock.suspect(clock.now());
    await machine.advance(MINUTE);
    machine.suspend(8 * HOUR);
    assert.equal(clock.now(), START + 8 * HOUR + MINUTE);
    assert.equal(clock.status().doubted, true);
    assert.deepEqual(told(events), ["implausible by 0"]);
  });
});

it("what somebody else hears of the server counts, and a silent server does not", async () => {
  await using world = watched();
  const { clock, machine, server, events } = world;
  server.answer = () => undefined;
  clock.heard(START + 7 * SECOND);
  await machine.advance(HOUR);
  assert.deepEqual(clock.status(), { doubted: false, skew: 7 * SECOND });
  machine.jump(HOUR);
  clock.now();
  await machine.advance(MINUTE);
  assert.deepEqual(clock.status(), { doubted: true, skew: 7 * SECOND - HOUR });
  clock.heard(machine.now());
  assert.deepEqual(clock.status(), { doubted: false, skew: 0 });
  assert.deepEqual(told(events), [`departed by ${HOUR}`, "trusted: server"]);
});
