import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FINDINGS } from "../../../src/domain/inspect/findings.ts";

test("docs/operations.md lists every finding with its severity, and no other", async () => {
  const page = await readFile("docs/operations.md", "utf8");
  const [, section = ""] = /^## Looking at certificates\n([^]*?)^## /m.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, code, severity]) => [code, severity]);
  assert.deepEqual(
    rows,
    Object.entries(FINDINGS).map(([code, { severity }]) => [code, severity]),
  );
});
