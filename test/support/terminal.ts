import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { main } from "../../src/cli/main.ts";

interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, as main.ts does, and answers what a person would see. */
export async function leafd(...args: readonly string[]): Promise<Outcome> {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    isTTY: false,
    on: () => undefined,
    write(text: string) {
      written[name] += text;
      return true;
    },
  });
  const fake = Object.assign(new EventEmitter(), {
    env: {},
    pid: process.pid,
    kill: () => assert.fail("a command in the process of the test is not stopped"),
    exit: () => assert.fail("a command in the process of the test is not stopped"),
    stdout: stream("out"),
    stderr: stream("err"),
  });
  const exitCode = await main(args, fake);
  return { exitCode, ...written };
}
