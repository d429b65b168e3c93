import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { fetchEvents, fetchExplanation, fetchStatus } from "../../../src/control/client.ts";
import { startControl } from "../../../src/control/server.ts";
import { evolve } from "../../../src/domain/evolve.ts";
import { explainService } from "../../../src/domain/explain.ts";
import { INITIAL_STATE } from "../../../src/domain/state.ts";
import { createEventFeed } from "../../../src/observe/event-feed.ts";
import { around, exampleService } from "../../support/circumstances.ts";
import { EVENTS } from "../../support/events.ts";
import { daemonStatus, NOW, serviceStatus } from "../../support/status.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const never = new AbortController().signal;
const FOLLOW = "GET /v1/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n";

const spec = exampleService({ name: "payments" });
const explanation = explainService(evolve(INITIAL_STATE, EVENTS.recovered), {
  around: around(NOW, { spec }),
  windowOpensAt: (from) => from,
  seed: "",
  skew: 0,
  issued: [],
});

async function started(directory: string) {
  const stop = new AbortController();
  const feed = createEventFeed();
  const refuse = () => [];
  const { closed } = await startControl(
    {
      directory,
      status: () => daemonStatus([serviceStatus()]),
      explain: (name) => (name === "payments" ? explanation : undefined),
      events: feed,
      operator: { renew: refuse, pause: refuse, resume: refuse },
    },
    stop.signal,
  );
  const end = () => {
    stop.abort();
    return closed;
  };
  return { feed, end, [Symbol.asyncDispose]: end };
}

describe("over the status socket", () => {
  it("an explanation arrives as it is, its times whole seconds; another service is not there", async () => {
    await using dir = await tempDir();
    await using _control = await started(dir.path);
    const { outage, ...others } = await fetchExplanation(dir.path, "payments", never);
    const { outage: foretold, ...expected } = explanation;
    assert.deepEqual(others, expected);
    assert.deepEqual(
      outage,
      foretold.map((each) => ({ ...each, at: each.at - (each.at % 1000) })),
    );
    await assert.rejects(fetchExplanation(dir.path, "paymnts&service=x", never), {
      reason: "request_denied",
      message: 'there is no service "paymnts&service=x"',
    });
    await assert.rejects(fetchExplanation(dir.path, "payment", never), { hint: 'Did you mean "payments"?' });
    await assert.rejects(fetchExplanation(dir.path, "", never), { message: /expected \?service=NAME/ });
  });

  it("events: what is kept, then what happens, then a clean end with leafd", async () => {
    await using dir = await tempDir();
    const control = await started(dir.path);
    control.feed.emit(EVENTS.started);
    const lines: string[] = [];
    for await (const line of fetchEvents(dir.path, { follow: true }, never)) {
      lines.push(JSON.parse(line).event);
      if (lines.length === 1) control.feed.emit(EVENTS.published);
      else void control.end();
    }
    assert.deepEqual(lines, ["started", "published"]);
  });

  it("one that does not read is dropped and told so, and holds nobody up", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    control.feed.emit(EVENTS.started);
    const socket = connect(dir.join("status.sock"), () => socket.write(FOLLOW));
    await once(socket, "data");
    socket.pause();
    const message = "x".repeat(4000);
    for (let count = 0; count < 3000; count += 1) control.feed.emit({ ...EVENTS.pair_warning, message });
    await fetchStatus(dir.path, never);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.resume();
    await once(socket, "close");
    assert.match(text, /\{"note":"read too slowly: events are missing from here on"\}\n/);
    assert.ok(text.length < 8 * 1024 * 1024, `${text.length} bytes were kept for it`);
  });

  it("eight may follow, a ninth is refused, and who only asks is answered", async () => {
    await using dir = await tempDir();
    await using control = await started(dir.path);
    control.feed.emit(EVENTS.started);
    const stop = new AbortController();
    const followers = Array.from({ length: 8 }, () => fetchEvents(dir.path, { follow: true }, stop.signal));
    for (const follower of followers) assert.equal((await follower.next()).done, false);
    const ninth = fetchEvents(dir.path, { follow: true }, never);
    await assert.rejects(ninth.next(), { reason: "request_denied", message: "8 others follow the events already" });
    const asking = fetchEvents(dir.path, { follow: false }, never);
    assert.equal((await asking.next()).done, false);
    assert.equal((await asking.next()).done, true);
    stop.abort();
    await waitFor(async () => {
      const next = fetchEvents(dir.path, { follow: true }, never);
      await next.next();
      await next.return(undefined);
      return true;
    });
  });

  it("a query that is not understood in full is refused", async () => {
    await using dir = await tempDir();
    await using _control = await started(dir.path);
    for (const query of ["follow=yes", "servce=payments", "follow=true&x"]) {
      const socket = connect(dir.join("status.sock"), () =>
        socket.write(`GET /v1/events?${query} HTTP/1.1\r\nHost: x\r\n\r\n`),
      );
      const [chunk] = await once(socket, "data");
      assert.match(String(chunk), /^HTTP\/1\.1 400 [^]*request_denied/, query);
      socket.destroy();
    }
  });
});
