import { execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { statusFromJson } from "../../src/domain/status/json.ts";
import type { DaemonStatus } from "../../src/domain/status.ts";
import { blocksOf } from "../support/doc-blocks.ts";
import type { TestPki } from "../support/pki-setup.ts";
import type { TestVault } from "../support/test-vault.ts";
import type { Machine } from "./machine.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const RELEASE = "/opt/leafd";

/** Puts what a release brings, and the Node that it needs, onto the machine. */
export async function deliver(machine: Machine): Promise<void> {
  await promisify(execFile)(process.execPath, ["deploy/build.ts"], { cwd: REPOSITORY });
  await mkdir(machine.path(`${RELEASE}/deploy`), { recursive: true });
  await cp(join(REPOSITORY, "dist/leafd.mjs"), machine.path(`${RELEASE}/leafd.mjs`));
  await cp(join(REPOSITORY, "deploy/systemd"), machine.path(`${RELEASE}/deploy/systemd`), { recursive: true });
  await cp(process.execPath, machine.path("/usr/local/bin/node"));
}

/** The script of the release. */
export const INSTALL = `${RELEASE}/deploy/systemd/install.sh`;

/** Runs it with these options; answers what it said. */
export function install(machine: Machine, ...options: readonly string[]): Promise<string> {
  return machine.ok(INSTALL, ...options);
}

interface Written {
  readonly vault: TestVault;
  readonly pki: TestPki;
  /** By their names: any part of a service's configuration. */
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The configuration and its secret-id, as the README of a user's host would have them. */
export async function configure(machine: Machine, { vault, pki, services }: Written): Promise<void> {
  const approle = { roleId: pki.roleId, secretIdFile: "${CREDENTIALS_DIRECTORY:-/etc/leafd}/secret-id" };
  const written = {
    vault: { address: vault.address, auth: { approle } },
    issuers: { main: { vault: { mount: pki.mount, role: pki.role } } },
    observe: { listen: "off" },
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => {
        const output = { directory: `/var/lib/leafd/live/${name}` };
        return [name, { identity: { commonName: `${name}.svc` }, output, ...service }];
      }),
    ),
  };
  await writeFile(machine.path("/etc/leafd/secret-id"), pki.secretId, { mode: 0o600 });
  await writeFile(machine.path("/etc/leafd/leafd.yaml"), JSON.stringify(written, undefined, 2), { mode: 0o644 });
}

/** An nginx that serves the pair of a service on this port, waits for its first certificate, and tests before a reload. */
export async function configureNginx(machine: Machine, service: string, port: number): Promise<void> {
  const live = `/var/lib/leafd/live/${service}`;
  const pair = `ssl_certificate ${live}/tls.crt; ssl_certificate_key ${live}/tls.key;`;
  await writeFile(machine.path("/etc/nginx/conf.d/test.conf"), `server { listen 127.0.0.1:${port} ssl; ${pair} }\n`);
  const gate = `leafd-once@${service}.service`;
  const reload = blocksOf("docs/reloads.md").find(({ language }) => language === "ini");
  if (reload === undefined) throw new Error("docs/reloads.md has no drop-in for nginx");
  await addDropIn(machine, "nginx.service", `[Unit]\nRequires=${gate}\nAfter=${gate}\n${reload.code}`);
}

/** What dependents.conf.example says of this, as an operator takes it over: the paragraph that names it. */
export async function exampleOf(what: string): Promise<string> {
  const text = await readFile(join(REPOSITORY, "deploy/systemd/dependents.conf.example"), "utf8");
  const paragraph = text.split("\n\n").find((each) => each.includes(what));
  if (paragraph === undefined) throw new Error(`dependents.conf.example does not tell of ${what}`);
  return `[Service]\n${paragraph.replaceAll(/^#(?=[A-Z]\w+=)/gm, "")}\n`;
}

/** A drop-in of the operator, in force at once. */
export async function addDropIn(machine: Machine, unit: string, text: string): Promise<void> {
  const directory = machine.path(`/etc/systemd/system/${unit}.d`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "test.conf"), text);
  await machine.ok("systemctl", "daemon-reload");
}

/** What `leafd status` says on the machine. */
export async function statusOn(machine: Machine): Promise<DaemonStatus> {
  const { text } = await machine.run("leafd", "status", "--json");
  return statusFromJson(text);
}

/** One property of a unit. */
export function property(machine: Machine, unit: string, name: string): Promise<string> {
  return machine.ok("systemctl", "show", "--value", `--property=${name}`, unit);
}
