import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { simulate } from "./simulate.ts";
import { World } from "./world.ts";

/* The rest of the seeds: `npm run test:simulation -- --seeds 200`. */

Error.stackTraceLimit = 0;
const quiet = (): void => undefined;

for (const seed of [1, 2, 3, 4])
  test(`30 days of trouble break no promise (seed ${seed})`, async () => {
    const { violation, happened, figures } = await simulate({ seed, days: 30, log: quiet });
    assert.equal(violation, undefined, `npm run test:simulation -- --seed ${seed} --days 30`);
    assert.ok(figures.issuances > 100 && Object.keys(happened).length > 6, JSON.stringify({ figures, happened }));
  });

test("the same seed gives the same event log, byte for byte, in another process too", async () => {
  const lines: string[] = [];
  await simulate({ seed: 5, days: 20, log: (line) => lines.push(line) });
  const program = new URL("run.ts", import.meta.url).pathname;
  const again = spawnSync(process.execPath, [program, "--seed", "5", "--days", "20", "--log"], { maxBuffer: 2 ** 26 });
  assert.ok(lines.length > 500);
  assert.equal(again.stdout.toString("utf8"), lines.map((line) => `${line}\n`).join(""));
  const { digest } = await simulate({ seed: 6, days: 20, log: quiet });
  assert.notEqual(digest, (await simulate({ seed: 7, days: 20, log: quiet })).digest);
});

/** Sabotages the world when it has said this many lines, without an excuse. */
async function sabotaged(sabotage: (world: World) => void): Promise<void> {
  let lines = 0;
  const world: World = new World({ seed: 8, days: 20, log: () => void (lines++ === 150 && sabotage(world)) });
  try {
    await world.run();
  } finally {
    await world.close();
  }
}

describe("a broken promise is found", () => {
  test("a file that changes in the visible generation", async () => {
    const sabotage = (world: World): void => {
      const file = world.disk.peek(`/live/svc-0/..data/tls.key`);
      assert.ok(file?.kind === "file");
      file.bytes = Buffer.from("another");
      world.disk.changed("/live/svc-0/tls.key");
    };
    await assert.rejects(sabotaged(sabotage), /^Violation: I1 svc-0/);
  });

  test("a dependent that was not told", async () => {
    const sabotage = (world: World): void => {
      world.dependents.told.set("svc-0", "..gen-of-before");
    };
    await assert.rejects(sabotaged(sabotage), /^Violation: reload svc-0/);
  });

  test("a renewal that does not come", async () => {
    const sabotage = (world: World): void => {
      for (const { troubles } of Object.values(world.issuers))
        troubles.add({ kind: "refuses", reason: "sealed", retryAfter: 0, healthy: false });
    };
    await assert.rejects(sabotaged(sabotage), /^Violation: liveness/);
  });

  test("certificates beyond the budget", async () => {
    const sabotage = (world: World): void => {
      const issuance = [...world.register.byLeaf.values()].find(({ service }) => service === "svc-0");
      assert.ok(issuance);
      for (let i = 0; i < 40; i++) world.register.onIssuance({ ...issuance, at: world.time.trueNow }, true);
    };
    await assert.rejects(sabotaged(sabotage), /^Violation: I4 svc-0/);
  });
});
