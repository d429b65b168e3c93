import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startChild } from "../../../../src/dev/demo/child.ts";
import { eventQueue } from "../../../support/event-queue.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const NODE = process.execPath;

describe("a process of the demo", () => {
  it("tells its lines and how it ended, in an environment of its own", async () => {
    await using directory = await tempDir();
    const lines: string[] = [];
    const program = "console.log(Object.keys(process.env).join()); console.error('oh'); process.exitCode = 7";
    const options = { command: NODE, args: ["-e", program], directory: directory.path };
    await using child = startChild({ ...options, onLine: (line) => void lines.push(line) });
    assert.equal(await child.ended, "exit code 7");
    assert.deepEqual(lines.sort(), ["HOME", "oh"]);
    assert.match(child.tail(), /oh/);
  });

  it("is asked to end, and waited for", async () => {
    await using directory = await tempDir();
    const lines = eventQueue<string>();
    const program =
      "process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); setInterval(() => {}, 1e6); console.log('up')";
    const options = { command: NODE, args: ["-e", program], directory: directory.path };
    const child = startChild({ ...options, onLine: lines.push });
    assert.equal(await lines.next(), "up");
    await child[Symbol.asyncDispose]();
    assert.equal(await lines.next(), "bye");
    assert.equal(await child.ended, "exit code 0");
  });

  it("says why it could not start", async () => {
    await using directory = await tempDir();
    await using child = startChild({ command: directory.join("nothing"), args: [], directory: directory.path });
    assert.match(await child.ended, /ENOENT/);
  });
});
