import { controlPlace } from "../config/control-place.ts";
import { ConfigError } from "../config/report.ts";
import { fetchStatus } from "../control/client.ts";
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

/**
 * The leafd that these options name. A configuration that was refused must not hide what the leafd says that goes on by
 * the one before: where it names the sockets and somebody answers there, that one is asked, and a line on standard error
 * says so. Otherwise its ConfigError stands.
 */
export async function placeOf({ config, control }: Named, terminal: Terminal): Promise<Place> {
  if (control !== undefined) return { control };
  try {
    const { settings } = await readConfig(config, terminal);
    return { control: settings.control.directory, settings };
  } catch (thrown) {
    const named = thrown instanceof ConfigError ? await controlPlace(config, terminal.env) : undefined;
    if (named === undefined) throw thrown;
    await fetchStatus(named, terminal.stopped).catch(() => {
      throw thrown;
    });
    terminal.err("the configuration is refused, see `leafd check`; asking the leafd that runs by the one before:\n");
    return { control: named };
  }
}
