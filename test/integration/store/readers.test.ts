import assert from "node:assert/strict";
import { test } from "node:test";
import { readWhileCommitting } from "../../support/read-while-committing.ts";

const COMMITS = 400;

test("readers at full speed see one generation, over hundreds of commits", async (t) => {
  const report = await readWhileCommitting(COMMITS);
  assert.ok(report.reads >= COMMITS, `only ${report.reads} reads`);
  assert.equal(report.tornResolved, 0);
  assert.equal(report.tornBundle, 0);
  // Not asserted: two look-ups may straddle a swap, which no writer can prevent.
  const share = ((100 * report.tornByName) / report.reads).toFixed(2);
  t.diagnostic(`${report.reads} reads over ${COMMITS} commits: 0 torn when ..data is resolved once, 0 torn bundles`);
  t.diagnostic(`certificate then key by two look-ups: ${report.tornByName} torn (${share} %)`);
});
