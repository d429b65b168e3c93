import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { readDocument } from "../src/config/document.ts";
import { configKeys } from "../src/config/json-schema.ts";
import { REASONS } from "../src/domain/errors.ts";
import type { Settings } from "../src/domain/spec.ts";
import { parseText, problemsOf } from "./support/config-file.ts";
import { type Block, blocksOf, PAGES, placeOf, readPage } from "./support/doc-blocks.ts";
import { assertFits, type Pod } from "./support/pod.ts";
import { violations } from "./support/pod-security.ts";

/* What the documentation shows as YAML: the loader takes each configuration, and manifests fit what is in them. */

const TOP_KEYS = new Set(configKeys().filter((key) => !/[.*[]/.test(key)));
const SERVICE_KEYS = new Set(configKeys().flatMap((key) => /^services\.\*\.(\w+)$/.exec(key)?.[1] ?? []));
/** By the keys at their top, files of others: Prometheus, Envoy, a part of a pod. */
const OF_OTHERS = new Set(["scrape_configs", "groups", "inhibit_rules", "transport_socket", "volumes"]);

const yamlBlocks = PAGES.flatMap(blocksOf).filter(({ language }) => language === "yaml");

/** A document as far as it is looked at: a configuration of leafd, a part of one, or a manifest. */
interface Data {
  readonly issuers?: Readonly<Record<string, object>>;
  readonly services?: Readonly<Record<string, object>>;
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Pod & { readonly template?: { readonly spec: Pod } };
}

/** The documents of a block; leafd's ways to read YAML are stricter than those of others. Comments alone are none. */
function documentsIn(block: Block): Data[] {
  const values = block.code.split(/^---$/m).map((text) => {
    const { value, findings } = readDocument(placeOf(block), text, {});
    assert.deepEqual(findings, []);
    return value;
  });
  return JSON.parse(JSON.stringify(values.filter((value) => value !== null)));
}

/** What a part of a configuration is laid over: two places that sign, and no service yet. */
const BASE = {
  vault: { address: "https://vault.internal:8200", auth: { tokenFile: "/run/token" } },
  issuers: { main: { vault: { role: "web" } }, dr: { vault: { mount: "pki-dr", role: "web" } } },
};

/** A configuration as it stands, or a part of one made whole; undefined when it is neither. */
function asConfig(value: Data): object | undefined {
  const keys = Object.keys(value);
  if (keys.every((key) => SERVICE_KEYS.has(key))) return asConfig({ services: { web: value } });
  if (!keys.every((key) => TOP_KEYS.has(key))) return undefined;
  if ("vault" in value) return value;
  const { issuers = BASE.issuers, services = { web: {} } } = value;
  const order = Object.keys(issuers).length > 1 ? { issuers: Object.keys(issuers) } : {};
  const whole = Object.entries(services).map(([name, service]) => [
    name,
    { identity: { commonName: `${name}.svc` }, output: { directory: `/srv/${name}` }, ...order, ...service },
  ]);
  return { ...BASE, ...value, services: Object.fromEntries(whole) };
}

describe("YAML in the documentation", () => {
  assert.ok(yamlBlocks.length > 10);
  for (const block of yamlBlocks)
    test(`${placeOf(block)} is what a program takes`, async () => {
      for (const document of documentsIn(block)) await judge(document, block.page);
    });
});

test("metrics that a page names are in docs/metrics.md, which a test holds to the program", () => {
  const known = readPage("docs/metrics.md");
  for (const page of PAGES)
    for (const [name] of readPage(page).matchAll(/\bleafd_[a-z_]+[a-z]\b/g))
      assert.ok(known.includes(name), `${page}: ${name}`);
});

test("what a reader may meet instead has the reasons that there are", () => {
  const rows = PAGES.flatMap((page) => [...readPage(page).matchAll(/^\| instead \| do \|\n((?:\|.*\n)+)/gm)]);
  const cells = rows.flatMap(([, table = ""]) => [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = ""]) => cell));
  assert.ok(cells.length > 20);
  const words = cells.flatMap((cell) => [...cell.matchAll(/`([a-z]+(?:_[a-z]+)+)\b/g)].map(([, word]) => word));
  assert.deepEqual(
    words.filter((word) => !REASONS.some((reason) => reason === word)),
    [],
  );
});

async function judge(document: Data, page: string): Promise<void> {
  if (document.apiVersion !== undefined) return judgeManifest(document, page);
  const keys = Object.keys(document);
  if (keys.every((key) => OF_OTHERS.has(key))) return;
  const config = asConfig(document);
  assert.ok(config, `neither of leafd nor of a program that is known: ${keys.join()}`);
  assert.deepEqual(problemsOf(JSON.stringify(config)), []);
}

/** The configuration in a ConfigMap is one; what the containers of a pod mount, run and are asked is there. */
async function judgeManifest({ metadata, data, spec, kind }: Data, page: string): Promise<void> {
  assert.ok(metadata?.name);
  if (kind === "ConfigMap") {
    const { "leafd.yaml": text } = data ?? {};
    if (text !== undefined) assert.deepEqual(problemsOf(text), []);
    return;
  }
  const pod = spec?.template?.spec ?? spec;
  if (pod === undefined) return;
  assert.deepEqual(violations(pod), []);
  await assertFits(pod, settingsOn(page));
}

/** The configuration that a page has in a ConfigMap, as its pods get it. */
function settingsOn(page: string): Settings {
  const maps = yamlBlocks.filter((block) => block.page === page).flatMap(documentsIn);
  const text = maps.map(({ data }) => data?.["leafd.yaml"]).find((found) => found !== undefined);
  assert.ok(text, `${page} has no ConfigMap`);
  return parseText(text).settings;
}
