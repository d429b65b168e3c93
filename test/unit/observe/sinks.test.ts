import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import type { RotationEvent } from "../../../src/domain/events.ts";
import { fanOut } from "../../../src/observe/sinks.ts";
import { EVENTS } from "../../support/events.ts";

describe("fanOut", () => {
  it("gives every event to every sink in order, and reports a broken one once", async () => {
    const seen: RotationEvent[] = [];
    const broken = () => {
      throw new Error("no space");
    };
    const emit = fanOut(broken, (event) => seen.push(event));
    const warning = once(process, "warning");
    let warnings = 0;
    const count = () => {
      warnings++;
    };
    process.on("warning", count);

    emit(EVENTS.started);
    emit(EVENTS.stopped);

    assert.deepEqual(seen, [EVENTS.started, EVENTS.stopped]);
    assert.match(String((await warning)[0]), /a sink of events failed on started: Error: no space/);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", count);
    assert.equal(warnings, 1);
  });
});
