import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertNothingLeft, startDemo } from "../support/demo-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/* The outage drill for real: two Vaults, leafd, its dependents, and everything that goes wrong. */

/** As a user starts it. */
const path = process.env["PATH"] ?? "";

/** A busy machine may take longer than the three minutes that are promised. */
const TIMEOUT = 6 * 60_000;

describe("the outage drill", { concurrency: true }, () => {
  it("goes as told, act by act, with every handshake good, and leaves nothing behind", async () => {
    await using directory = await tempDir();
    const { exitCode, text } = await startDemo(directory, { args: ["--drill"], path, timeout: TIMEOUT }).end();
    assert.equal(exitCode, 0, text);
    const story = [
      /ACT 1 of 6.*sealed/,
      /payments now lives on: failover \(dr\)/,
      /payments now lives on: primary \(main\)/,
      /ACT 2 of 6.*Both/,
      /payments now lives on: reserve/,
      /ACT 3 of 6.*killed/,
      /found a good certificate for web, and that its reload is owed/,
      /ACT 4 of 6.*disk/,
      /found before it asked anybody/,
      /ACT 5 of 6.*signal/,
      /\(not_live\), look 1/,
      /\(not_live\), look 2/,
      /escalated: web is restarted/,
      /ACT 6 of 6.*P-384/,
      /dependent_refused/,
      /published \w+ for web \(rolled_back\)/,
      /ACT +INJECTED AT/,
    ];
    const found = story.map((pattern) => text.search(pattern));
    assert.ok(!found.includes(-1), `${story[found.indexOf(-1)]} is missing:\n${text}`);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
      text,
    );
    const table = text.slice(found.at(-1)).split("\n");
    const rows = table.slice(1, 7).map((row) => row.split(/ {2,}/));
    assert.deepEqual(
      rows.slice(2).map(([name, , , , certificates]) => [name, certificates]),
      [
        ["kill leafd", "1"],
        ["fill the disk", "1"],
        ["deafen the dependent", "1"],
        ["refuse the new pair", "1"],
      ],
    );
    assert.ok(
      rows.every(([, at = "", noticed = "", recovered = "", , verdict]) => {
        return /^\d\d:/.test(at) && noticed.endsWith("s") && recovered.endsWith("s") && verdict === "as told";
      }),
      text,
    );
    assert.match(text, /All as told, in .*; [1-9]\d{2,} handshakes good, 0 failed\.$/);
    await assertNothingLeft(directory);
  });

  it("ends cleanly at Ctrl-C, and does not call that a success", async () => {
    await using directory = await tempDir();
    const drill = startDemo(directory, { args: ["--drill"], path });
    await drill.line(/INJECTED/);
    drill.child.kill("SIGINT");
    const { exitCode, text } = await drill.end();
    assert.equal(exitCode, 1, text);
    assert.match(text, /5 of 6 acts were not played/);
    await assertNothingLeft(directory);
  });
});
