import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename } from "node:fs/promises";
import { describe, it } from "node:test";
import { type LivePair, openPair, type PairEvent } from "../../../src/mtls/live-pair.ts";
import type { Pair } from "../../../src/mtls/pair.ts";
import { eventQueue } from "../../support/event-queue.ts";
import { filesOf, type GenerationFiles, publish } from "../../support/output-directory.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { TestCa } from "../../support/test-ca.ts";

const authority = await TestCa.root();
const NEVER = 2 ** 31 - 1;

async function files(): Promise<Required<GenerationFiles>> {
  return filesOf(await authority.leaf({ uris: ["spiffe://demo/orders"] }), authority.certificate.pem);
}

interface Opened extends AsyncDisposable {
  readonly pair: LivePair;
  next(): Promise<PairEvent>;
}

async function open(directory: string, pollEvery = NEVER): Promise<Opened> {
  const events = eventQueue<PairEvent>();
  const pair = await openPair({ directory, pollEvery, onEvent: events.push });
  return { pair, next: events.next, [Symbol.asyncDispose]: async () => pair.close() };
}

describe("following an output directory", () => {
  it("takes up each new generation and tells those who subscribed", async () => {
    await using directory = await tempDir();
    await publish(directory.path, await files());
    await using opened = await open(directory.path);
    const { pair } = opened;
    const told: Pair[] = [];
    const unsubscribe = pair.subscribe((next) => told.push(next));
    const first = pair.current;

    const second = await publish(directory.path, await files());
    assert.deepEqual(await opened.next(), { kind: "reloaded", pair: pair.current, previous: first });
    assert.equal(pair.current.generation, second);

    unsubscribe();
    assert.deepEqual(told, [pair.current]);
    await publish(directory.path, await files());
    await opened.next();
    assert.equal(told.length, 1);
  });

  it("keeps the pair when the new one is broken, says so once, and takes the next good one", async () => {
    await using directory = await tempDir();
    await publish(directory.path, await files());
    await using opened = await open(directory.path, 5);
    const { current } = opened.pair;

    const broken = await publish(directory.path, { ...(await files()), "tls.key": (await files())["tls.key"] });
    const event = await opened.next();
    assert.ok(event.kind === "kept" && event.reason === "pair_damaged" && event.message.includes(broken));
    assert.deepEqual([event.pair, opened.pair.current], [current, current]);

    await publish(directory.path, await files());
    // Polls in between found the broken one again: the next event is the good one all the same.
    assert.equal((await opened.next()).kind, "reloaded");
  });

  it("ends at the last of many that come fast", async () => {
    await using directory = await tempDir();
    await publish(directory.path, await files());
    await using opened = await open(directory.path);
    let last = "";
    for (let round = 0; round < 20; round += 1) last = await publish(directory.path, await files());
    while (opened.pair.current.generation !== last) await opened.next();
  });

  it("finds what is published into a directory that was put in place of the watched one", async () => {
    await using directory = await tempDir();
    const output = directory.join("live");
    await publish(output, await files());
    await using opened = await open(output, 5);
    await rename(output, directory.join("old"));
    const event = await opened.next();
    assert.ok(event.kind === "kept" && event.reason === "target_missing");
    await mkdir(output);
    const generation = await publish(output, await files());
    assert.equal((await opened.next()).pair.generation, generation);
  });

  it("hears nothing any more once it is closed", async () => {
    await using directory = await tempDir();
    const first = await publish(directory.path, await files());
    await using closed = await open(directory.path);
    await using watching = await open(directory.path);
    closed.pair.close();
    await publish(directory.path, await files());
    await watching.next();
    assert.equal(closed.pair.current.generation, first);
  });

  it("does not begin without a good pair", async () => {
    await using directory = await tempDir();
    await assert.rejects(openPair({ directory: directory.path }), { reason: "target_missing" });
  });

  it("keeps no process alive", async () => {
    await using directory = await tempDir();
    await publish(directory.path, await files());
    const module = JSON.stringify(import.meta.resolve("../../../src/mtls/index.ts"));
    const program = `const { openPair } = await import(${module});
      await openPair({ directory: process.argv[1], onEvent() {} }); console.log("opened")`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, directory.path], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 20_000,
    });
    child.stdout.resume();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
