import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Millis, SECOND } from "../../domain/units.ts";
import { type Child, startChild } from "./child.ts";
import type { DemoLogin } from "./set-up.ts";

interface LeafdOptions {
  /** For its configuration, its state and the certificates. */
  readonly directory: string;
  /** Of the Vault. */
  readonly address: string;
  readonly login: DemoLogin;
  readonly ttl: Millis;
  readonly services: readonly string[];
  /** A line of its log. */
  readonly onLog: (record: LogRecord) => void;
}

/** What the demo reads of a line of leafd's log. */
export interface LogRecord {
  readonly event?: unknown;
  readonly service?: unknown;
  readonly level?: unknown;
  readonly reason?: unknown;
  readonly failures?: unknown;
  readonly msg?: unknown;
  readonly [field: string]: unknown;
}

/** Where leafd publishes the certificate of a service. */
export function outputOf(directory: string, service: string): string {
  return join(directory, "live", service);
}

/** Starts `leafd run` from this checkout, as a process of its own. */
export async function startLeafd(options: LeafdOptions): Promise<Child> {
  const { directory, login } = options;
  const config = join(directory, "leafd.yaml");
  const secretIdFile = join(directory, "secret-id");
  await mkdir(join(directory, "live"), { recursive: true });
  await writeFile(secretIdFile, login.secretId, { mode: 0o600 });
  await writeFile(config, leafdConfig({ ...options, secretIdFile }));
  return runLeafd({ ...options, config });
}

/** Starts `leafd run` with a configuration that is there. */
export function runLeafd({
  directory,
  config,
  onLog,
}: Pick<LeafdOptions, "directory" | "onLog"> & { config: string }): Child {
  return startChild({
    command: process.execPath,
    args: [join(import.meta.dirname, "../../main.ts"), "run", "--config", config],
    directory,
    onLine: (line) => onLog(parseRecord(line)),
  });
}

/** The configuration, as an operator would write it. */
export function leafdConfig(options: Omit<LeafdOptions, "onLog"> & { readonly secretIdFile: string }): string {
  const { directory, address, login, secretIdFile, ttl, services } = options;
  const quote = JSON.stringify;
  return `vault:
  address: ${quote(address)}
  auth: { approle: { roleId: ${quote(login.roleId)}, secretIdFile: ${quote(secretIdFile)} } }
issuers:
  demo: { vault: { mount: pki, role: demo } }
stateDir: ${quote(join(directory, "state"))}
observe: { listen: "off" }
defaults: { ttl: ${ttl / SECOND}s }
services:
${services
  .map(
    (name) => `  ${name}:
    identity: { dns: [${name}.demo], uris: ["spiffe://demo/${name}"] }
    output: { directory: ${quote(outputOf(directory, name))} }
`,
  )
  .join("")}`;
}

/** A line that is no JSON object is a message. */
function parseRecord(line: string): LogRecord {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record === "object" && record !== null) return { ...record };
  } catch {
    // Said before the log was there: a wrong configuration, a crash.
  }
  return { level: "error", msg: line };
}
