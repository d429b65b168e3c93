import { basename, dirname, relative, resolve, sep } from "node:path";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { DROP_INS, hashSources, readSources } from "./sources.ts";

/** Events come in bursts, and an editor writes in several steps. */
const QUIET = 0.2 * SECOND;
/** After a change: what was read may be half of what is being written, and the event of the other half be swallowed. */
const AGAIN = SECOND;
/** For what raises no event: inotify can run out, and a network file system has none. */
const POLL = 30 * SECOND;

interface WatchOptions {
  /** The main file, as `loadConfig` takes it. */
  readonly file: string;
  /** The hash of the configuration that is in use. */
  readonly since: string;
  readonly clock: Clock;
  /** How often to look without an event; default 30 s. */
  readonly poll?: Millis;
  /** Told once when events cannot be had: changes are then seen at the next look. */
  readonly onBlind?: (cause: unknown) => void;
}

/**
 * Yields a hash (as in `LoadedConfig`) whenever the bytes of the configuration differ from those of the last yield, or
 * of `since`; ends when the signal aborts. What a yield stands for may be unusable or gone: loading it tells, and the
 * watch goes on. Directories are watched, not files, and contents compared, so that a file that is replaced, a
 * Kubernetes volume that swaps `..data` and a file that comes back are all seen, and a touched one is not.
 */
export async function* watchConfig(options: WatchOptions, signal: AbortSignal): AsyncGenerator<string> {
  const { file, clock, poll = POLL, onBlind } = options;
  const directory = resolve(dirname(file));
  // Loaded here because the first certificate does not wait for it.
  const { watch } = await import("chokidar");
  const watcher = watch(directory, {
    depth: 1,
    ignoreInitial: true,
    ignored: (path) => !isOurs(relative(directory, path), basename(file)),
  });
  let change = new AbortController();
  // An error, such as no more inotify watches to be had, leaves the poll; "ready" ends a time without events.
  for (const event of ["all", "ready", "error"] as const) watcher.on(event, () => change.abort());
  if (onBlind !== undefined) watcher.once("error", onBlind);
  let last = options.since;
  try {
    while (!signal.aborted) {
      const hash = hashSources(await readSources(file));
      const isNew = hash !== last;
      if (isNew) yield (last = hash);
      await sleepUnless(clock, isNew ? AGAIN : poll, AbortSignal.any([signal, change.signal]));
      await sleepUnless(clock, QUIET, signal);
      change = new AbortController();
    }
  } finally {
    await watcher.close();
  }
}

/** The main file, the drop-ins, and the directories that Kubernetes swaps below `..data`. */
function isOurs(path: string, main: string): boolean {
  const [first = ""] = path.split(sep);
  return ["", main, DROP_INS].includes(first) || first.startsWith("..");
}

async function sleepUnless(clock: Clock, duration: Millis, stop: AbortSignal): Promise<void> {
  try {
    await clock.sleep(duration, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
