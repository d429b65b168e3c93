import { writeFile } from "node:fs/promises";
import { type LeafdOptions, LeafdProcess, type LeafdRun, runLeafd } from "./leafd-process.ts";
import type { TestPki } from "./pki-setup.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import type { TestVault } from "./test-vault.ts";

/** Any part of a configuration file, as its user writes it. */
type Written = Readonly<Record<string, unknown>>;
/** By their names. */
export type Services = Readonly<Record<string, Written>>;

interface PlaceOptions {
  readonly vault: Pick<TestVault, "address" | "caFile">;
  readonly pki: TestPki;
}

/** One leafd's place on disk: its configuration, its state, its output directories. */
export interface LeafdPlace extends AsyncDisposable {
  readonly dir: TempDir;
  /** The configuration file. */
  readonly file: string;
  /** The output directory of a service, unless its configuration says otherwise. */
  live(service: string): string;
  /**
   * A configuration: `services` by their names, each with its common name `NAME.svc` and its directory unless it says
   * otherwise; `settings` are laid over the top level.
   */
  text(services: Services, settings?: Written): string;
  /** Writes that into the file. */
  configure(services: Services, settings?: Written): Promise<void>;
  /** Starts a command that goes on: `run`. */
  start(command: string, args?: readonly string[], options?: LeafdOptions): LeafdProcess;
  /** Runs a command to its end. */
  run(command: string, args?: readonly string[], options?: LeafdOptions): Promise<LeafdRun>;
}

/** A new place, with the credentials of the test's AppRole and no configuration yet. */
export async function leafdPlace({ vault, pki }: PlaceOptions): Promise<LeafdPlace> {
  const dir = await tempDir();
  const file = dir.join("leafd.yaml");
  const live = (service: string) => dir.join(`live-${service}`);
  const withFile = (args: readonly string[]) => [...args, "--config", file];
  await writeFile(dir.join("secret-id"), pki.secretId, { mode: 0o600 });
  const approle = { roleId: pki.roleId, secretIdFile: dir.join("secret-id") };
  const tls = vault.caFile === undefined ? {} : { tls: { caFile: vault.caFile } };
  const base = {
    vault: { address: vault.address, ...tls, auth: { approle } },
    issuers: { main: { vault: { mount: pki.mount, role: pki.role } } },
    stateDir: dir.join("state"),
    observe: { listen: "off" },
    log: { level: "debug" },
  };
  const described = ([name, written]: [string, Written]) => {
    const output = { directory: live(name) };
    return [name, { identity: { commonName: `${name}.svc` }, output, ...written }];
  };
  const text = (services: Services, settings: Written = {}) => {
    const all = { ...base, ...settings, services: Object.fromEntries(Object.entries(services).map(described)) };
    return `${JSON.stringify(all, undefined, 2)}\n`; // JSON is YAML.
  };
  return {
    dir,
    file,
    live,
    text,
    configure: (services, settings) => writeFile(file, text(services, settings)),
    start: (command, args = [], options = {}) => new LeafdProcess(withFile([command, ...args]), options),
    run: (command, args = [], options = {}) => runLeafd(withFile([command, ...args]), options),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
