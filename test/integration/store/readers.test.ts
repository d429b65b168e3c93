import assert from "node:assert/strict";
import { once } from "node:events";
import { resolve } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ReaderReport } from "../../fixtures/tag-reader.ts";
import { exampleFacts, exampleMaterial, exampleOutput, exampleStore } from "../../support/example-output.ts";
import { tempDir } from "../../support/temp-dir.ts";

const READER = resolve(import.meta.dirname, "../../fixtures/tag-reader.ts");
const COMMITS = 400;

test("readers at full speed see one generation, over hundreds of commits", async (t) => {
  await using dir = await tempDir();
  const output = exampleOutput(dir.join("live"), { layout: "bundle" });
  const store = exampleStore();
  await store.commit(output, exampleMaterial("first"), exampleFacts());
  const reader = new Worker(READER, { workerData: output.directory });
  await once(reader, "online");
  for (let count = 0; count < COMMITS; count++) {
    await store.commit(output, exampleMaterial(`tag-${count}`), exampleFacts());
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  reader.postMessage("stop");
  const [report]: ReaderReport[] = await once(reader, "message");
  assert.ok(report !== undefined && report.reads >= COMMITS, `only ${report?.reads} reads`);
  assert.equal(report.tornResolved, 0);
  assert.equal(report.tornBundle, 0);
  // Not asserted: two look-ups may straddle a swap, which no writer can prevent.
  const share = ((100 * report.tornByName) / report.reads).toFixed(2);
  t.diagnostic(`${report.reads} reads over ${COMMITS} commits: 0 torn when ..data is resolved once, 0 torn bundles`);
  t.diagnostic(`certificate then key by two look-ups: ${report.tornByName} torn (${share} %)`);
});
