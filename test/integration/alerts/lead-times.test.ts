import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { describe } from "node:test";
import { DAY, formatDuration, HOUR, MINUTE, SECOND } from "../../../src/domain/units.ts";
import { firedAt, healthy, justInTime, worstLead } from "../../support/alert-cases/lead-time.ts";
import { testRules } from "../../support/promtool.ts";

/** Each lifetime with the longest time between two scrapes that is supported for it; then shorter ones. */
const SUPPORTED = [
  [10 * MINUTE, 15 * SECOND],
  [30 * MINUTE, 30 * SECOND],
  [HOUR, MINUTE],
  [DAY, MINUTE],
  [3 * DAY, MINUTE],
  [90 * DAY, MINUTE],
] as const;
const FASTER = [
  [10 * MINUTE, 5 * SECOND],
  [30 * MINUTE, 15 * SECOND],
  [HOUR, 15 * SECOND],
  [HOUR, 30 * SECOND],
  [90 * DAY, 15 * SECOND],
] as const;

describe("LeafdRenewalLate", () => {
  for (const [ttl, scrape] of [...SUPPORTED, ...FASTER]) {
    const what = `of a certificate of ${formatDuration(ttl)} scraped every ${formatDuration(scrape)}`;

    test(`${what} warns first, is critical later, and both come well before the end`, async () => {
      await testRules([firedAt(ttl, scrape, "warning"), firedAt(ttl, scrape, "critical")]);
      const [warning, critical] = [worstLead(ttl, "warning"), worstLead(ttl, "critical")];
      assert.ok(warning - critical >= 30 * SECOND, `${warning} and ${critical} ms before the end`);
      // A tenth of its life is well before: a minute of ten, nine days of ninety.
      assert.ok(critical >= ttl / 10, `critical ${critical} ms before the end`);
    });

    test(`${what} is silent when it is renewed in time, and just in time`, () =>
      testRules([healthy(ttl, scrape), justInTime(ttl, scrape)]));
  }

  test("has its lead times in the documentation", (t) => {
    const rows = SUPPORTED.map(([ttl, scrape]) => {
      const leads = [worstLead(ttl, "warning"), worstLead(ttl, "critical")];
      return `| ${[ttl, scrape, ttl / 3, ...leads].map((time) => formatDuration(time)).join(" | ")} |`;
    });
    t.diagnostic(`lead times:\n${rows.join("\n")}`);
    const page = readFileSync(join(import.meta.dirname, "../../../docs/operations.md"), "utf8");
    assert.ok(page.includes(rows.join("\n")), `docs/operations.md lacks\n${rows.join("\n")}`);
  });
});
