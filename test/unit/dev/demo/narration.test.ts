import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { narrate } from "../../../../src/dev/demo/narration.ts";

describe("what is told of leafd's log", () => {
  it("a failure the first time only", () => {
    const failure = { event: "rotation_failed", level: "error", service: "orders", reason: "sealed", msg: "…" };
    assert.equal(
      narrate({ ...failure, failures: 1 }),
      "leafd: orders cannot be renewed (sealed): keeps what it has, tries again",
    );
    assert.equal(narrate({ ...failure, failures: 2 }), undefined);
  });

  it("whatever else is an error", () =>
    assert.equal(narrate({ event: "login_failed", level: "error", msg: "login failed" }), "leafd: login failed"));

  it("nothing of the daily work", () =>
    assert.equal(narrate({ event: "issued", level: "info", msg: "issued" }), undefined));
});
