import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Screen } from "../../../../src/dev/demo/screen.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

function screenOn(terminal: { isTTY?: boolean; columns?: number }) {
  const clock = new VirtualClock();
  const written: string[] = [];
  const screen = new Screen({ write: (text) => written.push(text), ...terminal }, clock);
  return { clock, screen, text: () => written.splice(0).join("") };
}

describe("on a terminal", () => {
  it("draws the table over the last one and narrates above it", () => {
    const { screen, text } = screenOn({ isTTY: true, columns: 80 });
    screen.show(["a", "b"]);
    assert.equal(text(), "\na\nb\n");
    screen.show(["c", "d"]);
    assert.equal(text(), "\u001B[3A\u001B[J\nc\nd\n");
    screen.say("Vault: SEALED");
    assert.match(text(), /^\u001B\[3A\u001B\[J\d\d:\d\d:\d\d {2}Vault: SEALED\n\nc\nd\n$/);
    screen.end(["Done."]);
    assert.equal(text(), "\nDone.\n");
  });

  it("knows its width, unless the terminal does not", () => {
    assert.equal(screenOn({ isTTY: true, columns: 80 }).screen.columns, 80);
    assert.equal(screenOn({ isTTY: true, columns: 0 }).screen.columns, Number.POSITIVE_INFINITY);
    assert.equal(screenOn({ columns: 80 }).screen.columns, Number.POSITIVE_INFINITY);
  });
});

describe("without a terminal", () => {
  it("writes plain lines, and the table every ten seconds", async () => {
    const { clock, screen, text } = screenOn({});
    screen.show(["a"]);
    screen.show(["b"]);
    screen.say("hello");
    assert.match(text(), /^a\n\d\d:\d\d:\d\d {2}hello\n$/);
    await clock.advance(10_000);
    screen.show(["c"]);
    assert.equal(text(), "c\n");
  });
});
