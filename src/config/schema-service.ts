import { KEY_ALGORITHMS, USAGES } from "../domain/spec.ts";
import { DAY, MINUTE, SECOND } from "../domain/units.ts";
import * as forms from "./forms.ts";
import { expiryCommand, reloadStep, testStep } from "./schema-reload.ts";
import {
  account,
  certificateLife,
  choice,
  duration,
  either,
  flag,
  list,
  map,
  mode,
  mount,
  name,
  type Output,
  optional,
  path,
  percentage,
  role,
  text,
  time,
  written,
} from "./shapes.ts";

/* The shape of a service, and of what `defaults` may say for all. */

const names = list(text).max(1000);
const modes = optional({ key: mode, cert: mode, directory: mode });
const output = optional({ owner: account, group: account, modes, layout: choice(["generations", "bundle"]) });

const atExpiry = "must be keep, stop, or a map such as { exec: { command: [/usr/local/bin/drain] } }";
const outage = optional({
  survive: duration({ from: SECOND, to: 3660 * DAY, message: "must be from 1s to 3660d" }),
  failoverAfter: duration({ from: SECOND, to: 30 * DAY, message: "must be from 1s to 30d" }),
  // What it must have is judged when `defaults` and the service are one (outage.ts).
  reserve: optional({ ttl: certificateLife, role, issuer: name, mount }),
  atExpiry: either([expiryCommand, choice(["keep", "stop"], { error: atExpiry })], { error: atExpiry }),
});

const endpoint = map({
  tls: written(forms.ENDPOINT),
  serverName: written(forms.HOST_NAME).optional(),
  alpn: list(written(forms.PROTOCOL)).max(16).optional(),
  startTls: choice(["postgres"]).optional(),
  timeout: duration({ from: 100, to: MINUTE, message: "must be from 100ms to 1m" }).optional(),
  settle: duration({ from: 0, to: 10 * MINUTE, message: "must be from 0s to 10m" }).optional(),
});
const probe = either([endpoint, list(endpoint).min(1).max(32)], {
  error: 'must be a map such as { tls: "127.0.0.1:8443" }, or a list of them',
});

const window = map({
  cron: written(forms.CRON),
  duration: duration({ from: MINUTE, to: 7 * DAY, message: "must be from 1m to 7d" }),
  timezone: text.optional(),
});

const shared = optional({
  required: flag(),
  issuers: list(name).min(1).max(8),
  key: choice(KEY_ALGORITHMS),
  reuseKey: flag(),
  usages: list(choice(USAGES)).min(1),
  ttl: certificateLife,
  renewAt: percentage,
  preReload: list(testStep).max(32),
  reload: list(reloadStep).max(32),
  escalate: list(reloadStep).max(32),
  outage,
  windows: list(window).max(32),
  revokeOld: flag(),
});

export const defaults = map({ ...shared.shape, output: output.optional() });

export const service = map({
  ...shared.shape,
  identity: optional({ commonName: text, dns: names, ips: names, uris: names, emails: names }),
  notAfter: time.optional(),
  output: map({ directory: path, ...output.shape }),
  probe: probe.optional(),
});

export type FileDefaults = Output<typeof defaults>;
export type FileService = Output<typeof service>;
