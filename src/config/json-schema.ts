import { isPlainMap, type PlainMap } from "./plain.ts";
import { describeKey } from "./reference.ts";
import type { Path } from "./report.ts";
import { shapeAsJsonSchema } from "./schema.ts";

/**
 * The JSON Schema of the configuration file, for editors and for `leafd schema`: config/leafd.schema.json to the byte.
 * Made of the same source as the check at start (schema.ts), with the descriptions and defaults of reference.ts.
 */
export function renderJsonSchema(): string {
  const schema = shapeAsJsonSchema();
  for (const { path, schema: key } of keysOf(schema)) Object.assign(key, describeKey(path));
  allowReferences(schema);
  return `${JSON.stringify({ title: "leafd configuration", ...schema }, null, 2)}\n`;
}

/** Every key of the configuration by its path, a map before its keys; `*` is any name, `[]` any element of a list. */
export function configKeys(): string[] {
  return schemaKeys().map(({ path }) => path);
}

/** Those keys, with what their values may be. */
export function schemaKeys(): readonly SchemaKey[] {
  return [...keysOf(shapeAsJsonSchema())];
}

interface SchemaKey {
  readonly path: string;
  readonly schema: PlainMap;
  /** The map that it is a key of demands it. */
  readonly required: boolean;
}

/** The keys that the map at this path may have. */
export function knownKeys(path: Path): string[] {
  shape ??= shapeAsJsonSchema();
  let maps: unknown[] = [shape];
  for (const part of path) maps = maps.flatMap((schema) => childrenOf(schema, part));
  return maps.flatMap(optionsOf).flatMap(({ properties }) => (isPlainMap(properties) ? Object.keys(properties) : []));
}

/** Made when the first key is asked for: a configuration without mistakes needs none of it. */
let shape: PlainMap | undefined;

/** A text that must match a pattern may be a `${NAME}` before it is read. */
function allowReferences(schema: unknown): void {
  for (const option of optionsOf(schema)) {
    const { properties, additionalProperties, items, pattern } = option;
    if (typeof pattern === "string") Object.assign(option, { pattern: `\\$\\{|${pattern}` });
    for (const inner of [additionalProperties, items, ...Object.values(properties ?? {})]) allowReferences(inner);
  }
}

function* keysOf(schema: unknown, prefix = ""): Generator<SchemaKey> {
  for (const { properties, additionalProperties, items, required } of optionsOf(schema)) {
    for (const [key, value] of isPlainMap(properties) ? Object.entries(properties) : []) {
      const path = prefix === "" ? key : `${prefix}.${key}`;
      const demanded = Array.isArray(required) && required.includes(key);
      if (isPlainMap(value)) yield { path, schema: value, required: demanded };
      yield* keysOf(value, path);
    }
    yield* keysOf(additionalProperties, `${prefix}.*`);
    yield* keysOf(items, `${prefix}[]`);
  }
}

function childrenOf(schema: unknown, part: string | number): unknown[] {
  return optionsOf(schema).map(({ properties, additionalProperties, items }) => {
    if (typeof part === "number") return items;
    return isPlainMap(properties) && Object.hasOwn(properties, part) ? properties[part] : additionalProperties;
  });
}

/** A schema itself, and what it may be instead. */
function optionsOf(schema: unknown): PlainMap[] {
  if (!isPlainMap(schema)) return [];
  return [schema, ...(Array.isArray(schema["anyOf"]) ? schema["anyOf"].flatMap(optionsOf) : [])];
}
