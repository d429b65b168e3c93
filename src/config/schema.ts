import { MINUTE, SECOND } from "../domain/units.ts";
import type { PlainMap } from "./plain.ts";
import { cluster, issuer } from "./schema-cluster.ts";
import { defaults, service } from "./schema-service.ts";
import {
  account,
  certificateLife,
  choice,
  duration,
  list,
  map,
  name,
  named,
  type Output,
  optional,
  parse,
  path,
  type ShapeIssue,
  text,
  toJsonSchema,
} from "./shapes.ts";

/*
 * The shape of the configuration file; schema-cluster.ts, schema-service.ts and schema-reload.ts have its parts. What
 * each key is for, and its default, is in reference.ts; what must hold between keys is in the files that make settings
 * of it.
 */

const scrapeInterval = duration({ from: SECOND, to: 10 * MINUTE, message: "must be from 1s to 10m" });

const file = map({
  vault: cluster,
  clusters: named(cluster).optional(),
  issuers: named(issuer),
  trust: optional({ roots: path, include: list(name).max(64), newRoot: choice(["accept", "hold"]) }).optional(),
  stateDir: path.optional(),
  defaults: defaults.optional(),
  services: named(service).optional(),
  observe: optional({ listen: text, hosts: list(text).max(100), scrapeInterval }).optional(),
  control: optional({ directory: path, group: account }).optional(),
  policy: optional({ maxTtl: certificateLife }).optional(),
  log: optional({
    level: choice(["debug", "info", "warn", "error"]),
    format: choice(["json", "text"]),
  }).optional(),
});

/** The configuration as the file says it: right in its shape, without the defaults. */
export type FileConfig = Output<typeof file>;

type Shaped = { readonly config: FileConfig } | { readonly issues: readonly ShapeIssue[] };

/** Plain data as a configuration, or all that does not fit its shape. */
export function parseShape(value: unknown): Shaped {
  const result = parse(file, value);
  return "data" in result ? { config: result.data } : result;
}

/** The shape as JSON Schema (2020-12) of what an operator writes; json-schema.ts adds the descriptions. */
export function shapeAsJsonSchema(): PlainMap {
  return toJsonSchema(file);
}
