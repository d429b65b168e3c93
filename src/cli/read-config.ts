import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { Terminal } from "./command.ts";

/** The configuration as the commands read it; ConfigError with the whole report when it is wrong. */
export function readConfig(file: string, terminal: Pick<Terminal, "env">): Promise<LoadedConfig> {
  return loadConfig({ file, env: terminal.env });
}
