import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { describe } from "node:test";
import { RULES } from "./support/house-rules.ts";
import { readProject } from "./support/source-facts.ts";
import { tempDir } from "./support/temp-dir.ts";

describe("this repository keeps the rules of its house", () => {
  const root = join(import.meta.dirname, "..");
  const files = [...readProject(root), ...readProject(root, "src/observe/page/tsconfig.json")];
  for (const rule of RULES) test(rule.name, () => assert.deepEqual(rule.violations(files), []));
});

/** A house that breaks each rule once, in the order of the rules, and what is said about it. */
const BROKEN: Readonly<Record<string, string>> = {
  "src/store/commit.ts": 'import type { Log } from "../observe/log.ts";\nexport type Line = Log;\n',
  "src/observe/log.ts": 'export interface Log { line: string }\nimport "../rotation/ports.ts";\n',
  "src/rotation/ports.ts": 'export type Clock = import("../domain/a.ts").A;\n',
  "src/daemon.ts": 'import "./dev/server.ts";\nimport "./store/commit.ts";\n',
  "src/dev/server.ts": 'import "pino";\nexport const now = () => Date.now();\n// Date.now() in a comment is fine.\n',
  "src/domain/a.ts":
    'import type { B } from "./b.ts";\nimport "node:fs";\nimport "node:crypto";\nexport type A = B;\nexport const luck = Math.random();\n',
  "src/domain/b.ts": 'import type { A } from "./a.ts";\nexport type B = A | "pino";\n',
  "src/keys/long.ts": `export const long = () => {\n${"  void 0;\n".repeat(200)}};\n`,
  "src/keys/waived.ts": `// waiver(lines): a table\n// waiver(lines): a table\nexport const long = () => {\n${"  void 0;\n".repeat(200)}};\n`,
  "src/keys/many.ts": "export function many(a: 1, b: 2, c: 3, d: 4) {\n  return [a, b, c, d];\n}\n",
  "src/keys/barrel.ts": 'export { many } from "./many.ts";\n',
  "src/mtls/index.ts": 'export { now } from "./utils.ts";\n',
  "src/mtls/utils.ts":
    'import "pino/file";\nexport default process.env;\nexport const now = { rejectUnauthorized: false };\n',
  "src/reload/probe.ts": "export const look = { rejectUnauthorized: false };\n",
  "src/reload/http.ts": "export const send = { rejectUnauthorized: false };\n",
};

const SAID = [
  ["src/store/commit.ts:1: imports ../observe/log.ts"],
  ["src/daemon.ts:1: imports ./dev/server.ts"],
  ["src/domain/a.ts → src/domain/b.ts → src/domain/a.ts"],
  ["src/domain/a.ts:2: imports node:fs", "src/domain/a.ts:5: Math.random"],
  ["pino: src/dev/server.ts, src/mtls/utils.ts"],
  ["src/keys/long.ts: 202 lines"],
  ["src/keys/long.ts:1: long has 202 lines, 0 parameters", "src/keys/many.ts:1: many has 3 lines, 4 parameters"],
  ["src/keys/barrel.ts: only re-exports"],
  ["src/mtls/utils.ts: default export"],
  ["src/mtls/utils.ts"],
  ["src/mtls/utils.ts:2: process.env"],
  ["src/dev/server.ts:2: Date.now"],
  ["src/mtls/utils.ts:3: rejectUnauthorized: false", "src/reload/http.ts:1: rejectUnauthorized: false"],
];

test("each rule finds the house that breaks it", async () => {
  await using house = await tempDir();
  for (const [path, text] of Object.entries(BROKEN)) {
    await mkdir(dirname(house.join(path)), { recursive: true });
    await writeFile(house.join(path), text);
  }
  const options = { noEmit: true, allowImportingTsExtensions: true, module: "nodenext" };
  await writeFile(house.join("tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["src"] }));
  const files = readProject(house.path);
  assert.deepEqual(
    RULES.map((rule) => [rule.name, rule.violations(files).sort()]),
    RULES.map((rule, index) => [rule.name, SAID[index]]),
  );
});
