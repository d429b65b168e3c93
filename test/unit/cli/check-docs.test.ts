import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FORMATS } from "../../../src/cli/check/formats.ts";
import { checkCommand } from "../../../src/cli/check.ts";
import { REMARK_CODES } from "../../../src/domain/remark.ts";

const page = readFileSync(new URL("../../../docs/check.md", import.meta.url), "utf8");

test("docs/check.md has an entry for each code, in their order, and for none that there is not", () => {
  const headings = [...page.matchAll(/^### (\w+)\n(Error|Warning|Skipped)/gm)].map(([, code]) => code);
  assert.deepEqual(headings, REMARK_CODES);
});

test("docs/check.md and the help name the same options and formats", () => {
  const options = (text: string) => new Set([...text.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option));
  const ofOthers = new Set<string>(["--force"]);
  const documented = [...options(page)].filter((option) => !ofOthers.has(option));
  assert.deepEqual(documented.sort(), [...options(checkCommand.help)].sort());
  for (const format of Object.keys(FORMATS)) assert.match(page, new RegExp(`\`--format.*${format}\``));
});
