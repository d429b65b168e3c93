import { LeafdError, type Reason, toLeafdError } from "../domain/errors.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import { currentGeneration, type Pair, readPair } from "./pair.ts";
import { watchDirectory } from "./watch.ts";

/** What happened to a pair that is watched. */
export type PairEvent =
  /** A new generation is in use for new connections. */
  | { readonly kind: "reloaded"; readonly pair: Pair; readonly previous: Pair }
  /** The new generation is no good, or cannot be read: the one before stays in use. Said once for each message. */
  | { readonly kind: "kept"; readonly pair: Pair; readonly reason: Reason; readonly message: string };

export interface LivePairOptions {
  /** The output directory of the service, as leafd's `output.directory` says it. */
  readonly directory: string;
  /** How often to look without having been told by the kernel; default 10 s. */
  readonly pollEvery?: Millis;
  /** Must not throw. */
  readonly onEvent?: (event: PairEvent) => void;
}

/** The current pair of an output directory, kept current without a restart. */
export interface LivePair {
  /** The newest good pair. Take it anew for every connection. */
  readonly current: Pair;
  /** Calls `listener` after each change of `current`; answers how to stop that. */
  subscribe(listener: (pair: Pair) => void): () => void;
  /** Stops watching; `current` stays what it is. */
  close(): void;
}

/**
 * Reads the pair of an output directory and follows it from then on: one for a process, shared by its servers and
 * agents. Rejects with the LeafdError of `readPair` when there is no good pair to begin with.
 */
export async function openPair(options: LivePairOptions): Promise<LivePair> {
  const { directory, pollEvery = 10 * SECOND, onEvent = () => {} } = options;
  const listeners = new Set<(pair: Pair) => void>();
  let current = await readPair(directory);
  let complaint: string | undefined;
  let closed = false;

  const replace = (pair: Pair): void => {
    const previous = current;
    current = pair;
    for (const listener of listeners) listener(pair);
    onEvent({ kind: "reloaded", pair, previous });
  };
  const look = async (): Promise<void> => {
    const found = await newerThan(current, directory);
    if (closed) return;
    if (found instanceof LeafdError) {
      if (found.message !== complaint)
        onEvent({ kind: "kept", pair: current, reason: found.reason, message: found.message });
      complaint = found.message;
    } else {
      complaint = undefined;
      if (found !== undefined) replace(found);
    }
  };

  const lookSoon = oneAtATime(look);
  const unwatch = watchDirectory(directory, { pollEvery, onLook: lookSoon });
  lookSoon(); // What was published between the first reading and the watch.
  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closed = true;
      unwatch();
    },
  };
}

/** The pair that is published now; undefined when it is the current one; the error when it is no good. */
async function newerThan(current: Pair, directory: string): Promise<Pair | undefined | LeafdError> {
  try {
    return (await currentGeneration(directory)) === current.generation ? undefined : await readPair(directory);
  } catch (thrown) {
    return toLeafdError(thrown);
  }
}

/** Runs `task` when called; calls that come while it runs lead to one more run, however many they are. */
function oneAtATime(task: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    do {
      again = false;
      await task();
    } while (again);
    running = false;
  };
  return () => {
    if (running) again = true;
    else void run();
  };
}
