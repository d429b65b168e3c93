import { setTimeout as delay } from "node:timers/promises";

interface WaitOptions {
  /** What is waited for, as the error says it: "the served serial to change". */
  readonly what?: string;
  /** Milliseconds until it gives up; default 10 s. */
  readonly within?: number;
  /** Milliseconds between two looks; default 10 ms. */
  readonly every?: number;
}

type Present<T> = Exclude<T, undefined | null | false>;

/**
 * Looks again and again until `look` answers something other than undefined, null or false, and answers that.
 * Rejects after `within` with the last error that `look` threw, if it did, as the cause. For conditions of another
 * process or of the file system; for events of this process await the event itself.
 */
export async function waitFor<T>(look: () => T | Promise<T>, options: WaitOptions = {}): Promise<Present<T>> {
  const { what = "a condition", within = 10_000, every = 10 } = options;
  const deadline = performance.now() + within;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (isPresent(seen)) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`waited ${within} ms in vain for ${what}`, { cause });
    await delay(every);
  }
}

function isPresent<T>(seen: T): seen is Present<T> {
  return seen !== undefined && seen !== null && seen !== false;
}
