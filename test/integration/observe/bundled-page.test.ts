import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { pageFiles } from "../../../deploy/page-files.ts";
import type { startObserve as Start } from "../../../src/observe/http-server.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { startChromium, visit } from "../../support/chromium.ts";
import { syntheticFleet } from "../../support/synthetic-fleet.ts";
import { tempDir } from "../../support/temp-dir.ts";

/* The page as dist/leafd.mjs has it: in the program itself, its scripts as one. */

test("the bundle brings the page with it, and that weighs less than 40 kB", async (t) => {
  await using dir = await tempDir();
  const outfile = dir.join("observe.mjs");
  const entryPoints = [join(import.meta.dirname, "../../../src/observe/http-server.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", plugins: [pageFiles] });
  const { startObserve }: { startObserve: typeof Start } = await import(pathToFileURL(outfile).href);
  const ended = new AbortController();
  const fleet = syntheticFleet(12, systemClock.now());
  const metrics = () => Promise.resolve({ contentType: "text/plain", body: "" });
  const sources = { clock: systemClock, status: () => fleet, metrics, lastTick: () => 0, hosts: [] };
  const { url, closed } = await startObserve({ listen: "127.0.0.1:0", ...sources }, ended.signal);
  await using browser = await startChromium();
  const { page, complaints } = await visit(browser, url);
  await page.locator(".service").nth(11).waitFor();
  const weight = await page.evaluate<number>(`["navigation", "resource"]
    .flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
  t.diagnostic(`${weight} bytes`);
  assert.ok(weight > 8 * 1024 && weight < 40 * 1024, `${weight} bytes`);
  assert.deepEqual(complaints, []);
  ended.abort();
  await closed;
});
