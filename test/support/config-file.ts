import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/report.ts";

/** The least configuration there is: only what has no default. */
export const MINIMAL_CONFIG = `
vault:
  address: https://vault.internal:8200
  auth: { tokenFile: /run/token }
issuers:
  main: { vault: { role: web } }
services:
  web:
    identity: { commonName: web.internal }
    output: { directory: /srv/web }
`.trimStart();

/** The minimal configuration with other texts in place of some of its own, each of which must be there. */
export function minimalConfig(...replacements: readonly (readonly [found: string, put: string])[]): string {
  return replacements.reduce((text, [found, put]) => {
    if (!text.includes(found)) throw new Error(`the minimal configuration has no ${found}`);
    return text.replace(found, () => put);
  }, MINIMAL_CONFIG);
}

/** Reads the text as the only file, `leafd.yaml`. Throws the ConfigError. */
export function parseText(text: string, env: Readonly<Record<string, string>> = {}) {
  return parseConfig([{ file: "leafd.yaml", text }], env);
}

/** All that is wrong with the text, one line a finding as the report has it: `leafd.yaml:1:1: path: message`. */
export function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): string[] {
  return headlines(errorOf(() => parseText(text, env)));
}

/** All that is wrong with the files on disk, one line a finding; `directory` is cut off the names. */
export async function problemsOfFiles(file: string, directory: string): Promise<string[]> {
  const error = await loadConfig({ file, env: {} }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return headlines(error).map((line) => line.replaceAll(`${directory}/`, ""));
}

/** What the function throws, a ConfigError; undefined when it does not throw. */
export function errorOf(act: () => unknown): ConfigError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function headlines(error: unknown): string[] {
  if (error === undefined) return [];
  if (!(error instanceof ConfigError)) throw error;
  return error.report.split("\n").filter((line) => !line.startsWith("    "));
}
