import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEventFeed } from "../../../src/observe/event-feed.ts";
import { EVENTS } from "../../support/events.ts";

const kinds = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).event);

describe("the feed of events", () => {
  it("keeps the last 500, and of a service only its own", () => {
    const feed = createEventFeed();
    feed.emit(EVENTS.started);
    feed.emit(EVENTS.published);
    assert.deepEqual(kinds(feed.recent()), ["started", "published"]);
    assert.deepEqual(kinds(feed.recent("payments")), ["published"]);
    assert.deepEqual(feed.recent("nobody"), []);
    for (let count = 0; count < 499; count += 1) feed.emit(EVENTS.delivered);
    assert.equal(feed.recent().length, 500);
    assert.equal(kinds(feed.recent())[0], "published");
  });

  it("hands on what happens until that is ended, to each what it asked for", () => {
    const feed = createEventFeed();
    const seen: string[][] = [[], []];
    const stop = feed.follow((line) => seen[0]?.push(line));
    feed.follow((line) => seen[1]?.push(line), "payments");
    feed.emit(EVENTS.cluster_up);
    feed.emit(EVENTS.published);
    stop();
    feed.emit(EVENTS.delivered);
    assert.deepEqual(seen.map(kinds), [
      ["cluster_up", "published"],
      ["published", "delivered"],
    ]);
  });

  it("scrubs as the log does", () => {
    const feed = createEventFeed();
    const message = "hvs.CAESIJ0123456789abcdef\u001b[2J\nsaid the server";
    feed.emit({ ...EVENTS.rotation_failed, message });
    const [line = ""] = feed.recent();
    assert.ok(!line.includes("CAESIJ"));
    const { level, msg, time, service, hint } = JSON.parse(line);
    assert.deepEqual([level, service, hint], ["error", "payments", "Unseal it."]);
    assert.match(msg, /\[redacted\]\\u001b\[2J\\nsaid the server/);
    assert.match(time, /^\d{4}-.*\.\d{3}Z$/);
  });
});
