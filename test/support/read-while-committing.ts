import { once } from "node:events";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { ReaderReport } from "../fixtures/tag-reader.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "./example-output.ts";
import { tempDir } from "./temp-dir.ts";

const READER = resolve(import.meta.dirname, "../fixtures/tag-reader.ts");

/** What a reader at full speed saw, in the three ways of reading, over this many commits. */
export async function readWhileCommitting(commits: number): Promise<ReaderReport> {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"), { layout: "bundle" });
  const store = exampleStore();
  await store.commit(output, exampleMaterial("first"), exampleFacts());
  const reader = new Worker(READER, { workerData: output.directory });
  await once(reader, "online");
  for (let count = 0; count < commits; count++) {
    await store.commit(output, exampleMaterial(`tag-${count}`), exampleFacts());
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  reader.postMessage("stop");
  const [report]: ReaderReport[] = await once(reader, "message");
  if (report === undefined) throw new Error("the reader ended without a report");
  return report;
}
