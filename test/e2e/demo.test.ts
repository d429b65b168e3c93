import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { eventQueue } from "../support/event-queue.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const MAIN = join(import.meta.dirname, "../../src/dev/demo/main.ts");

/** Starts the demo on the embedded Vault, with its temporary files in `directory` and no PATH to find anything on. */
function startDemo(directory: TempDir, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { TMPDIR: directory.path },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  const lines = eventQueue<string>();
  const output: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    output.push(line);
    lines.push(line);
  });
  const closed = once(child, "close");
  const early = closed.then((): never => assert.fail(`it ended early:\n${output.join("\n")}`));
  early.catch(() => {}); // Where nobody waits for a line, it may end.
  return {
    child,
    async line(pattern: RegExp): Promise<void> {
      while (!pattern.test(await Promise.race([lines.next(), early])));
    },
    /** The exit code and all that was written, when it has ended and nobody holds its output any more. */
    async end(): Promise<{ exitCode: unknown; text: string }> {
      const [exitCode] = await closed;
      return { exitCode, text: output.join("\n") };
    },
  };
}

/** Neither a file in the directory nor a process that was told of it. */
async function assertNothingLeft(directory: TempDir): Promise<void> {
  assert.deepEqual(await readdir(directory.path), []);
  const commands = globSync("/proc/[0-9]*/cmdline").map((path) => readFile(path, "utf8").catch(() => ""));
  assert.deepEqual(
    (await Promise.all(commands)).filter((command) => command.includes(directory.path)),
    [],
  );
}

describe("the demo", { concurrency: true }, () => {
  it("rotates, refuses the intruder, holds while the Vault is sealed, recovers, and leaves nothing behind", async () => {
    await using directory = await tempDir();
    const { exitCode, text } = await startDemo(directory, "--for", "30s").end();
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
