import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import { MINUTE, SECOND } from "../../../src/domain/units.ts";
import { ask, observeListener } from "../../support/observe-listener.ts";
import { daemonStatus, missingService, NOW, serviceStatus } from "../../support/status.ts";
import { StatusEvents } from "../../support/status-events.ts";
import { syntheticFleet } from "../../support/synthetic-fleet.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { waitFor } from "../../support/wait-for.ts";

const TWO = daemonStatus([serviceStatus(), missingService()]);

/** A listener with two services on a clock that stands at NOW, and counts how often it is asked for the status. */
async function twoServices() {
  const clock = new VirtualClock(NOW);
  const listener = await observeListener(TWO, { clock });
  return { clock, listener, [Symbol.asyncDispose]: () => listener.stop() };
}

describe("the stream of the status", () => {
  it("begins with everything, then sends what is different and nothing else", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url);
    assert.match(String(events.headers["content-type"]), /^text\/event-stream/);
    const first = await events.next();
    assert.equal(first?.kind, "snapshot");
    assert.equal(first?.now, "2026-01-01T12:00:00.000Z");
    assert.equal(first?.daemon?.version, "0.1.0");
    assert.deepEqual(
      first?.services.map(({ name }) => name),
      ["payments", "billing"],
    );
    await place.clock.advance(3 * SECOND); // Nothing has changed.
    place.listener.status = daemonStatus([serviceStatus({ state: "due" }), missingService()]);
    await place.clock.advance(SECOND);
    const second = await events.next();
    assert.deepEqual(
      [second?.kind, second?.daemon, second?.services.map(({ name, state }) => [name, state])],
      ["change", undefined, [["payments", "due"]]],
    );
    assert.equal(second?.now, "2026-01-01T12:00:04.000Z");
  });

  it("sends the daemon when something about it is different", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url);
    await events.next();
    place.listener.status = { ...TWO, configError: { at: NOW, message: "line 3: no such key" } };
    await place.clock.advance(SECOND);
    const event = await events.next();
    assert.deepEqual(event?.daemon?.configError, { at: "2026-01-01T12:00:00Z", message: "line 3: no such key" });
    assert.deepEqual(event?.services, []);
  });

  it("is no change that what is under way is under way still", async () => {
    await using place = await twoServices();
    place.listener.status = daemonStatus([serviceStatus({ nextAt: NOW }), missingService()]);
    using events = await StatusEvents.open(place.listener.url);
    await events.next();
    for (let second = 1; second <= 3; second++) {
      place.listener.status = daemonStatus([serviceStatus({ nextAt: NOW + second * SECOND }), missingService()]);
      await place.clock.advance(SECOND);
    }
    await place.clock.advance(7 * SECOND);
    const beat = await events.next();
    assert.deepEqual([beat?.now, beat?.services], ["2026-01-01T12:00:10.000Z", []]);
  });

  it("starts over when services come or go", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url);
    await events.next();
    place.listener.status = daemonStatus([missingService()]);
    await place.clock.advance(SECOND);
    const event = await events.next();
    assert.deepEqual([event?.kind, event?.services.map(({ name }) => name)], ["snapshot", ["billing"]]);
  });

  it("tells of the daemon every 10 s, and what was measured only then", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url);
    await events.next();
    for (let second = 1; second <= 20; second++) {
      const measured = { lastTick: NOW + second, schedulerLag: second, clock: { doubted: false, skew: second } };
      place.listener.status = { ...TWO, ...measured };
      await place.clock.advance(SECOND);
    }
    const beats = [await events.next(), await events.next()].map((event) => [event?.now, event?.daemon?.schedulerLag]);
    assert.deepEqual(beats, [
      ["2026-01-01T12:00:10.000Z", 10],
      ["2026-01-01T12:00:20.000Z", 20],
    ]);
  });

  it("brings a later reader up to date, and each reader by itself", async () => {
    await using place = await twoServices();
    using early = await StatusEvents.open(place.listener.url);
    await early.next();
    using late = await StatusEvents.open(place.listener.url);
    assert.equal((await late.next())?.kind, "snapshot");
    place.listener.status = daemonStatus([serviceStatus({ state: "due" }), missingService()]);
    await place.clock.advance(SECOND);
    for (const reader of [early, late]) assert.equal((await reader.next())?.services[0]?.state, "due");
  });

  it("is compressed for who can undo that, and each event leaves at once", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url, { "accept-encoding": "gzip, br" });
    assert.equal(events.headers["content-encoding"], "gzip");
    assert.equal((await events.next())?.services.length, 2);
    place.listener.status = daemonStatus([serviceStatus({ state: "due" }), missingService()]);
    await place.clock.advance(SECOND);
    assert.equal((await events.next())?.kind, "change");
  });
});

describe("the cost of the stream", () => {
  it("is bounded: a reader too many is sent elsewhere, until one has gone", async () => {
    await using place = await twoServices();
    const open = () => StatusEvents.open(place.listener.url);
    const readers = await Promise.all(Array.from({ length: 16 }, open));
    await assert.rejects(open(), /status 503/);
    readers[3]?.[Symbol.dispose]();
    using next = await waitFor(() => open().catch(() => undefined));
    assert.equal((await next.next())?.kind, "snapshot");
    for (const reader of readers) reader[Symbol.dispose]();
  });

  it("is nothing while nobody reads", async () => {
    const clock = new VirtualClock(NOW);
    let looks = 0;
    const status = () => {
      looks += 1;
      return TWO;
    };
    await using listener = await observeListener(TWO, { clock, status });
    await clock.advance(MINUTE);
    assert.equal(looks, 0);
    const events = await StatusEvents.open(listener.url);
    await events.next();
    await clock.advance(5 * SECOND);
    assert.equal(looks, 6);
    events[Symbol.dispose]();
    await waitFor(async () => {
      const before = looks;
      await clock.advance(2 * SECOND);
      return looks === before;
    });
  });

  it("is no buffer for who does not read: that one is cut off, the others read on", async () => {
    const clock = new VirtualClock(NOW);
    const fleet = syntheticFleet(5000);
    await using listener = await observeListener(fleet, { clock });
    const [deaf]: IncomingMessage[] = await once(get(`${listener.url}/status/stream`, { agent: false }), "response");
    deaf?.on("error", () => {}); // It is torn off.
    using other = await StatusEvents.open(listener.url);
    await other.next();
    for (let second = 0; second < 20; second++) {
      await clock.advance(SECOND);
      listener.status = { ...fleet, configHash: `v1:${second}` };
    }
    await other.next();
    await waitFor(() => deaf?.socket.destroyed || deaf?.resume().destroyed, { what: "the deaf reader to be cut off" });
    assert.equal(deaf?.complete, false);
  });

  it("ends with the listener", async () => {
    await using place = await twoServices();
    using events = await StatusEvents.open(place.listener.url);
    await events.next();
    await place.listener.stop();
    assert.equal(await events.next().catch(() => undefined), undefined);
  });

  it("ends when the status cannot be had: silence would look like health", async () => {
    const clock = new VirtualClock(NOW);
    const listener = await observeListener(TWO, { clock });
    using events = await StatusEvents.open(listener.url);
    await events.next();
    Object.defineProperty(listener, "status", { get: () => assert.fail("broken") });
    await clock.advance(SECOND);
    assert.equal(await events.next(), undefined);
    await listener.stop();
  });

  it("is no place for the page of another site, nor for another name of this machine", async () => {
    await using place = await twoServices();
    for (const path of ["/status/stream", "/status.json"]) {
      const foreign = await ask(place.listener.url + path, { "sec-fetch-site": "cross-site" });
      assert.equal(foreign.status, 403, path);
      const rebound = await ask(place.listener.url + path, { host: "evil.example" });
      assert.equal(rebound.status, 421, path);
    }
    const head = await ask(`${place.listener.url}/status/stream`, {}, "HEAD");
    assert.deepEqual([head.status, head.body], [200, ""]);
  });
});
