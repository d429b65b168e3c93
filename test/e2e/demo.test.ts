import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertNothingLeft, startDemo } from "../support/demo-process.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("the demo", { concurrency: true }, () => {
  it("rotates, refuses the intruder, holds while the Vault is sealed, recovers, and leaves nothing behind", async () => {
    await using directory = await tempDir();
    const { exitCode, text } = await startDemo(directory, { args: ["--for", "30s"] }).end();
    assert.equal(exitCode, 0, text);
    const story = [/refused with 403/, /took up/, /SEALED/, /unsealed/, /every certificate has been renewed/, /Done/];
    const found = story.map((pattern) => text.search(pattern));
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
      text,
    );
    assert.ok(!found.includes(-1), text);
    assert.match(text, /handshakes {2}[1-9]\d+ good, 0 failed/);
    await assertNothingLeft(directory);
  });

  it("ends cleanly at Ctrl-C", async () => {
    await using directory = await tempDir();
    const demo = startDemo(directory);
    await demo.line(/refused with 403/);
    demo.child.kill("SIGINT");
    const { exitCode, text } = await demo.end();
    assert.equal(exitCode, 0, text);
    assert.match(text, /Ended after/);
    await assertNothingLeft(directory);
  });

  it("ends cleanly at Ctrl-C before there is anything to see", async () => {
    await using directory = await tempDir();
    const demo = startDemo(directory);
    await demo.line(/Vault: /);
    demo.child.kill("SIGINT");
    assert.equal((await demo.end()).exitCode, 0);
    await assertNothingLeft(directory);
  });
});
