import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findOpenBao } from "./openbao-binary.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import type { TestVault } from "./test-vault.ts";

const SCRIPTS = join(import.meta.dirname, "../../deploy/vault");

export interface ScriptEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The scripts of deploy/vault against a server, and one settings file. */
export interface VaultSide extends AsyncDisposable {
  readonly dir: TempDir;
  /** Writes the settings. */
  settings(text: string): Promise<void>;
  /** `bootstrap.sh [OPTION…] FILE`, as an administrator, in `dir`. */
  bootstrap(...options: readonly string[]): Promise<ScriptEnd>;
  /** The same in this environment, with the administrator's where it says nothing. */
  bootstrapWith(env: Readonly<Record<string, string>>): Promise<ScriptEnd>;
  /** `secret-id.sh ARGUMENT…`, as an administrator or with a token of less rights. */
  secretId(args: readonly string[], token?: string): Promise<ScriptEnd>;
  /** `leafd-config.sh ARGUMENT… FILE`. */
  leafdConfig(...args: readonly string[]): Promise<ScriptEnd>;
}

export async function vaultSide(vault: TestVault): Promise<VaultSide> {
  const dir = await tempDir();
  const file = dir.join("vault.conf");
  const cli = (await findOpenBao()) ?? "bao";
  const administrator = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken };
  const run = (script: string, args: readonly string[], as: object = {}): Promise<ScriptEnd> =>
    new Promise((resolve) => {
      const env = { PATH: process.env["PATH"], HOME: dir.path, VAULT_CLI: cli };
      const options = { cwd: dir.path, env: { ...env, ...administrator, ...as } };
      const child = execFile("sh", [join(SCRIPTS, script), ...args], options, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  return {
    dir,
    settings: (text) => writeFile(file, text),
    bootstrap: (...options) => run("bootstrap.sh", [...options, file]),
    bootstrapWith: (env) => run("bootstrap.sh", [file], env),
    secretId: (args, token) => run("secret-id.sh", args, token === undefined ? {} : { VAULT_TOKEN: token }),
    leafdConfig: (...args) => run("leafd-config.sh", [...args, file]),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** The lines of a bootstrap that tell of a change. */
export function changesIn({ stdout }: ScriptEnd): readonly string[] {
  return stdout.split("\n").filter((line) => /^(created|changed) /.test(line));
}
