import { suite, test } from "node:test";
import { CRASH_SCENARIOS, crashEverywhere } from "../../support/crash-points.ts";

suite("a crash at any moment leaves one whole generation", { concurrency: 2 }, () => {
  for (const scenario of CRASH_SCENARIOS)
    test(`of ${scenario.what}`, async (t) => {
      t.diagnostic(`${await crashEverywhere(scenario)} crashes, 0 violations`);
    });
});
