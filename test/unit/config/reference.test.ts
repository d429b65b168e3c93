import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { readDocument } from "../../../src/config/document.ts";
import { configKeys, renderJsonSchema } from "../../../src/config/json-schema.ts";
import { valueAt } from "../../../src/config/plain.ts";
import { describedAt, describeKey } from "../../../src/config/reference.ts";
import { minimalConfig, parseText, problemsOf } from "../../support/config-file.ts";
import { leafd } from "../../support/terminal.ts";

const root = new URL("../../../", import.meta.url);
const example = await readFile(new URL("config/leafd.example.yaml", root), "utf8");
const docs = await readFile(new URL("docs/configuration.md", root), "utf8");
/** Without those of `defaults`, which are those of a service, and the like. */
const keys = configKeys().filter((key) => describedAt(key) === key);

test("every key is described, and config/leafd.schema.json is what `leafd schema` prints", async () => {
  assert.deepEqual(
    configKeys().filter((key) => describeKey(key) === undefined),
    [],
  );
  assert.equal(await readFile(new URL("config/leafd.schema.json", root), "utf8"), renderJsonSchema());
});

test("docs/configuration-reference.md is what `leafd schema --markdown` prints", async () => {
  const page = await readFile(new URL("docs/configuration-reference.md", root), "utf8");
  assert.equal(page, (await leafd("schema", "--markdown")).out, "npm run -s leafd -- schema --markdown > it");
  const listed = [...page.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, key]) => key);
  assert.deepEqual(listed, keys);
});

test("the JSON Schema lets an editor accept references to the environment", () => {
  const schema: unknown = JSON.parse(renderJsonSchema());
  const pattern = valueAt(schema, ["properties", "stateDir", "pattern"]);
  assert.match("${STATE:-/srv}", new RegExp(String(pattern), "u"));
  assert.doesNotMatch("srv", new RegExp(String(pattern), "u"));
});

suite("config/leafd.example.yaml", () => {
  const variants = variantsOf(example);

  test("is the least configuration with every default written out", () => {
    const minimal = minimalConfig(
      ["{ tokenFile: /run/token }", "{ approle: { roleId: 7c9f2f4e-0b0f-4c4c-9a37-0d6a3c1f5a10 } }"],
      ["web:\n", "payments:\n"],
      ["web.internal", "payments.internal"],
      ["{ directory: /srv/web }", "{ directory: /var/lib/leafd/live/payments }\n    reload: [systemd: nginx.service]"],
    );
    assert.deepEqual(parseText(example).settings, parseText(minimal).settings);
  });

  test("works with all that is optional, and with each alternative", () => {
    assert.equal(variants.length, 15);
    for (const text of variants) assert.deepEqual(problemsOf(text), []);
  });

  test("has every key, and states the real defaults", () => {
    const values = variants.map((text) => readDocument("leafd.yaml", text, {}).value);
    for (const key of keys) {
      const stated = values.map((value) => valuesAt(value, key)).find((found) => found.length > 0);
      assert.ok(stated, key);
      const { default: real } = describeKey(key) ?? {};
      // The example shows a step of each kind, and a second issuer.
      if (real === undefined || key === "services.*.reload" || key === "issuers.*.vault.cluster") continue;
      for (const value of stated) assert.equal(JSON.stringify(value), JSON.stringify(real), key);
    }
  });
});

/** The example with all that is optional, and once more for each "instead of". */
function variantsOf(text: string): string[] {
  const lines = text.split("\n");
  const isInstead = (line: string) => line.includes("# instead of");
  // A setting follows its "#" at once, prose after a blank.
  const all = lines.map((line) => (isInstead(line) ? line : line.replace(/^( *)#(?=[^ #])/, "$1"))).join("\n");
  const others = lines.filter(isInstead).map((line) => {
    const [, indent = "", setting = "", other = ""] = /^( *)#(.*) # instead of (\w+)$/.exec(line) ?? [];
    return withoutKey(all, indent, other).replace(line, indent + setting);
  });
  return [all, ...others];
}

/** All that the data has at a path of `configKeys()`, where `*` is any key and `[]` any element. */
function valuesAt(value: unknown, key: string): unknown[] {
  let found = [value];
  for (const part of key.replaceAll("[]", ".[]").split("."))
    found = found.flatMap((holder) => {
      if (part === "*" || part === "[]") return Object.values(holder ?? {});
      const inner = valueAt(holder, [part]);
      return inner === undefined ? [] : [inner];
    });
  return found;
}

/** The text without a key at this indentation and what belongs to it. */
function withoutKey(text: string, indent: string, key: string): string {
  const block = new RegExp(`^${indent}${key}:.*\n(${indent} +.*\n)*`, "m");
  assert.match(text, block);
  return text.replace(block, "");
}

suite("docs/configuration.md", () => {
  const rows = docs.split("\n").flatMap((line) => {
    const [, key, byDefault = ""] = /^\| `([^`]+)` \|[^|]*\|([^|]*)\|/.exec(line) ?? [];
    return key === undefined ? [] : [{ key, byDefault: byDefault.trim() }];
  });
  const inDocs = (key: string) => key.replace(/^(services|issuers)\.\*\./, "");

  test("has every key, and none that there is not", () => {
    const documented = new Set(rows.map(({ key }) => key));
    assert.deepEqual(
      keys.map(inDocs).filter((key) => key !== "vault" && !documented.has(key)),
      [],
    );
    const known = new Set(keys.map(inDocs));
    assert.deepEqual(
      rows.filter(({ key }) => !known.has(key)),
      [],
    );
  });

  test("states the real defaults", () => {
    for (const key of keys) {
      const { default: real } = describeKey(key) ?? {};
      const stated = rows.filter((row) => row.key === inDocs(key)).map(({ byDefault }) => byDefault);
      if (real !== undefined) assert.ok(stated.includes(`\`${inYaml(real)}\``), `${key}: ${stated.join()}`);
      else assert.ok(!stated.some((cell) => /^`[^"]+`$/.test(cell)), key);
    }
  });
});

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return typeof value === "string" ? value : JSON.stringify(value);
}
