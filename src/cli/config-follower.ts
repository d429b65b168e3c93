import { ConfigError } from "../config/report.ts";
import { watchConfig } from "../config/watch.ts";
import type { Daemon } from "../daemon.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Clock } from "../rotation/ports.ts";
import type { Terminal } from "./command.ts";
import { readConfig } from "./read-config.ts";

interface FollowOptions {
  readonly file: string;
  /** The hash of the configuration that is in force. */
  readonly since: string;
  readonly daemon: Daemon;
  readonly clock: Clock;
  readonly terminal: Terminal;
}

/**
 * Loads the configuration again when its files change and at each SIGHUP, one load after the other; a storm of either
 * ends with what is on disk last. One that is wrong leaves the one before it in force. Resolves when the signal aborts.
 */
export async function followConfig(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { file, since, clock, terminal } = options;
  let queue = Promise.resolve();
  let waiting = false;
  const reload = (): Promise<void> => {
    // Whoever comes while one waits is served by that one: it has not read the files yet.
    if (waiting) return queue;
    waiting = true;
    queue = queue.then(() => {
      waiting = false;
      return signal.aborted ? undefined : load(options);
    });
    return queue;
  };
  terminal.onHangup(() => void reload(), signal);
  const onBlind = (cause: unknown) => options.daemon.warn("config", notWatched(file, cause));
  for await (const _hash of watchConfig({ file, since, clock, onBlind }, signal)) await reload();
  await queue;
}

async function load({ file, daemon, terminal }: FollowOptions): Promise<void> {
  try {
    await daemon.apply(await readConfig(file, terminal));
  } catch (thrown) {
    daemon.refuse(thrown instanceof ConfigError ? thrown.report : toLeafdError(thrown).message);
  }
}

function notWatched(file: string, cause: unknown): LeafdError {
  const message = `${file} cannot be watched, so a change of it is seen up to 30s later: ${toLeafdError(cause).message}`;
  const hint = "Raise fs.inotify.max_user_instances and max_user_watches, or send SIGHUP after a change.";
  return new LeafdError("io_error", message, { hint, cause });
}
