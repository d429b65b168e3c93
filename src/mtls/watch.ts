import { type FSWatcher, statSync, watch } from "node:fs";
import type { Millis } from "../domain/units.ts";

interface WatchOptions {
  /** How often to look without having been told. */
  readonly pollEvery: Millis;
  /** Something in the directory may have changed. Must not throw. */
  readonly onLook: () => void;
}

/**
 * Calls `onLook` whenever an entry of the directory changes, and at every poll. The poll is what is left when the
 * machine has no inotify watches any more; it also finds a directory that was re-created or mounted over, whose old
 * watch is deaf. Keeps no process alive. Answers how to stop.
 */
export function watchDirectory(directory: string, { pollEvery, onLook }: WatchOptions): () => void {
  let watcher: FSWatcher | undefined;
  let watched: string | undefined;

  const disarm = (): void => {
    watcher?.close();
    watcher = watched = undefined;
  };
  const arm = (): void => {
    try {
      const { dev, ino } = statSync(directory);
      const identity = `${dev}:${ino}`;
      if (identity === watched) return;
      disarm();
      watcher = watch(directory, { persistent: false }, onLook);
      watcher.on("error", disarm);
      watched = identity;
    } catch {
      disarm();
    }
  };

  arm();
  const timer = setInterval(() => {
    arm();
    onLook();
  }, pollEvery).unref();
  return () => {
    clearInterval(timer);
    disarm();
  };
}
