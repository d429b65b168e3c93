import type { Settings } from "../domain/spec.ts";
import type { Terminal } from "./command.ts";
import { readConfig } from "./read-config.ts";

/** The leafd that a command is about. */
export interface Place {
  /** The directory of its sockets. */
  readonly control: string;
  /** Absent when only the running leafd is asked: its configuration need not be readable then, nor right. */
  readonly settings?: Settings;
}

/** What the options that tell one leafd from another are as they are given. */
interface Named {
  readonly config: string;
  readonly control?: string | undefined;
}

/** The leafd that these options name. ConfigError when that takes a configuration and it is wrong. */
export async function placeOf({ config, control }: Named, terminal: Pick<Terminal, "env">): Promise<Place> {
  if (control !== undefined) return { control };
  const { settings } = await readConfig(config, terminal);
  return { control: settings.control.directory, settings };
}
