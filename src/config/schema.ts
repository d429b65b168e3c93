import * as z from "zod";
import { RELOAD_SIGNALS } from "../domain/reload-spec.ts";
import { KEY_ALGORITHMS, USAGES } from "../domain/spec.ts";
import { DAY, HOUR, MINUTE, type Millis, parseDuration, SECOND } from "../domain/units.ts";
import * as forms from "./forms.ts";
import type { PlainMap } from "./plain.ts";

/*
 * The shape of the configuration file. What each key is for, and its default, is in reference.ts; what must hold
 * between keys is in checks.ts. The only file that imports zod.
 */

const written = ({ pattern, message }: forms.Form) => z.string().regex(pattern, message);
const name = written(forms.NAME);
const text = written(forms.TEXT);
const path = written(forms.ABSOLUTE_PATH);
const role = written(forms.ROLE);
const mount = written(forms.MOUNT).transform((given) => given.replace(/\/$/, ""));

interface Range {
  readonly from: Millis;
  readonly to: Millis;
  readonly message: string;
}

const duration = ({ from, to, message }: Range) =>
  z
    .string({ error: forms.DURATION.message })
    .regex(forms.DURATION.pattern, { error: forms.DURATION.message, abort: true })
    .transform((given) => parseDuration(given) ?? Number.NaN)
    .refine((length) => length >= from && length <= to, message);
const timeout = duration({ from: 100, to: HOUR, message: "must be from 100ms to 1h" });
const certificateLife = duration({ from: 5 * SECOND, to: 3660 * DAY, message: "must be from 5s to 3660d" });

const mode = z
  .string({ error: forms.MODE.message })
  .regex(forms.MODE.pattern, { error: forms.MODE.message, abort: true })
  .transform((digits) => Number.parseInt(digits, 8));

const { message: share } = forms.PERCENTAGE;
const renewAt = z
  .union([z.number().min(0.1, share).max(0.95, share), written(forms.PERCENTAGE)], { error: share })
  .transform((part) => (typeof part === "number" ? part : Number(part.slice(0, -1)) / 100))
  .refine((part) => part >= 0.1 && part <= 0.95, share);

const account = z
  .union([z.int().nonnegative(), written(forms.ACCOUNT)], { error: forms.ACCOUNT.message })
  .transform(String);

const time = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T00:00:00Z" })
  .transform((given) => Date.parse(given));

/** A map of which exactly one key is used: a login, a reload step. */
const oneOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape).partial().meta({ minProperties: 1, maxProperties: 1 });
const optional = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape).partial();

const auth = oneOf({
  token: text,
  tokenFile: path,
  approle: optional({
    mount,
    roleId: text,
    roleIdFile: path,
    secretIdFile: path,
    wrapped: z.strictObject({ creationPath: text }),
    persist: z.boolean(),
  }),
  kubernetes: z.strictObject({ mount: mount.optional(), role: text, tokenFile: path.optional() }),
  jwt: z.strictObject({ mount: mount.optional(), role: text, tokenFile: path }),
  cert: optional({ mount, role: text }),
  userpass: z.strictObject({ mount: mount.optional(), username: text, passwordFile: path }),
});

/** A map by name. settings.ts judges the names: here a wrong one would keep what it names from being looked at. */
const named = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value).meta({ propertyNames: { type: "string", pattern: forms.NAME.pattern.source } });

const address = written(forms.ADDRESS);
const vault = z.strictObject({
  address: z.union([address, z.array(address).min(1).max(16)], { error: forms.ADDRESS.message }),
  namespace: written(forms.NAMESPACE).optional(),
  tls: optional({ caFile: path, serverName: text, certFile: path, keyFile: path }).optional(),
  auth,
  timeouts: optional({
    connect: duration({ from: 100, to: MINUTE, message: "must be from 100ms to 1m" }),
    request: duration({ from: SECOND, to: 5 * MINUTE, message: "must be from 1s to 5m" }),
  }).optional(),
  concurrency: z.int().min(1).max(256).optional(),
});

const issuer = z.strictObject({
  vault: z.strictObject({
    mount: mount.optional(),
    role,
    method: z.enum(["sign", "issue"]).optional(),
    issuerRef: role.optional(),
  }),
});

const signal = optional({
  signal: z.enum(RELOAD_SIGNALS),
  pidFile: path,
  process: text,
  user: account,
  pid: z.int().min(1),
  allowInit: z.boolean(),
});
const unit = written(forms.UNIT);
const action = z.enum(["reload", "restart", "reload-or-restart"]).optional();
const systemd = z.strictObject({ unit, action, timeout: timeout.optional() });
const noShell = "must be an argv list such as [nginx, -s, reload]; there is no shell";
const argument = z.string({ error: "must be text; put it in quotes" });
const command = z.array(argument, { error: noShell }).min(1).max(256);
const exec = z.strictObject(
  { command, timeout: timeout.optional(), shared: z.boolean().optional() },
  {
    error: ({ code }) =>
      code === "invalid_type" ? "must be a map such as { command: [nginx, -s, reload] }; there is no shell" : undefined,
  },
);
const headerName = written(forms.HEADER_NAME);
const http = z.strictObject({
  url: written(forms.URL),
  method: z.enum(["GET", "POST", "PUT"]).optional(),
  headers: z.record(headerName, written(forms.HEADER_VALUE)).optional(),
  headerFiles: z.record(headerName, path).optional(),
  expect: z.array(z.int().min(100).max(599)).min(1).optional(),
  caFile: path.optional(),
  timeout: timeout.optional(),
});
const reloadStep = oneOf({
  signal,
  systemd: z.union([unit, systemd], { error: "must be the name of a unit, or a map" }),
  exec,
  http,
  touch: path,
});

const names = z.array(text).max(1000);
const modes = optional({ key: mode, cert: mode, directory: mode });
const output = optional({ owner: account, group: account, modes, layout: z.enum(["generations", "bundle"]) });

/** What `defaults` may hold too. */
const shared = optional({
  required: z.boolean(),
  issuers: z.array(name).length(1, "must be a list of one issuer: further ones are not available in this version"),
  key: z.enum(KEY_ALGORITHMS),
  reuseKey: z.boolean(),
  usages: z.array(z.enum(USAGES)).min(1),
  ttl: certificateLife,
  renewAt,
  reload: z.array(reloadStep).max(32),
});

const service = z.strictObject({
  ...shared.shape,
  identity: optional({ commonName: text, dns: names, ips: names, uris: names, emails: names }),
  notAfter: time.optional(),
  output: z.strictObject({ directory: path, ...output.shape }),
});

const file = z.strictObject({
  vault,
  issuers: named(issuer),
  trust: optional({ roots: path, newRoot: z.enum(["accept", "hold"]) }).optional(),
  stateDir: path.optional(),
  defaults: z.strictObject({ ...shared.shape, output: output.optional() }).optional(),
  services: named(service).optional(),
  observe: optional({ listen: text, hosts: z.array(text).max(100) }).optional(),
  control: optional({ directory: path, group: account }).optional(),
  log: optional({
    level: z.enum(["debug", "info", "warn", "error"]),
    format: z.enum(["json", "text"]),
  }).optional(),
});

/** The configuration as the file says it: right in its shape, without the defaults. */
export type FileConfig = z.output<typeof file>;
export type FileService = z.output<typeof service>;
export type FileReloadStep = z.output<typeof reloadStep>;

/** One thing that does not fit the shape. */
export type SchemaIssue = z.core.$ZodIssue;

type Shaped = { readonly config: FileConfig } | { readonly issues: readonly SchemaIssue[] };

/**
 * Plain data as a configuration, or all that does not fit its shape. An issue has a message only where this file gives
 * it one; shape-problems.ts has the words for the others.
 */
export function parseShape(value: unknown): Shaped {
  const result = file.safeParse(value, { error: () => "" });
  return result.success ? { config: result.data } : { issues: result.error.issues };
}

/** The shape as JSON Schema (2020-12) of what an operator writes; json-schema.ts adds the descriptions. */
export function shapeAsJsonSchema(): PlainMap {
  return { ...z.toJSONSchema(file, { io: "input" }) };
}
