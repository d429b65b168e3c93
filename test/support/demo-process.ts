import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventQueue } from "./event-queue.ts";
import type { TempDir } from "./temp-dir.ts";

const MAIN = join(import.meta.dirname, "../../src/dev/demo/main.ts");

export interface DemoProcess {
  readonly child: ChildProcess;
  /** Resolves when it writes a line like this. */
  line(pattern: RegExp): Promise<void>;
  /** The exit code and all that was written, when it has ended and nobody holds its output any more. */
  end(): Promise<{ exitCode: unknown; text: string }>;
}

interface DemoOptions {
  readonly args?: readonly string[];
  /** Default: none to find anything on. */
  readonly path?: string;
  /** Then it is ended, in milliseconds. */
  readonly timeout?: number;
}

/** Starts the demo on the embedded Vault, with its temporary files in `directory`. */
export function startDemo(directory: TempDir, options: DemoOptions = {}): DemoProcess {
  const { args = [], path, timeout = 120_000 } = options;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { TMPDIR: directory.path, ...(path !== undefined && { PATH: path }) },
    stdio: ["ignore", "pipe", "inherit"],
    timeout,
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
    async line(pattern) {
      while (!pattern.test(await Promise.race([lines.next(), early])));
    },
    async end() {
      const [exitCode] = await closed;
      return { exitCode, text: output.join("\n") };
    },
  };
}

/** Neither a file in the directory, nor a mount below it, nor a process that was told of it. */
export async function assertNothingLeft(directory: TempDir): Promise<void> {
  assert.deepEqual(await readdir(directory.path), []);
  assert.ok(!readFileSync("/proc/mounts", "utf8").includes(directory.path), "something is still mounted");
  const commands = globSync("/proc/[0-9]*/cmdline").map((path) => readFile(path, "utf8").catch(() => ""));
  assert.deepEqual(
    (await Promise.all(commands)).filter((command) => command.includes(directory.path)),
    [],
  );
}
