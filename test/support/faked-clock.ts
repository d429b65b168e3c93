import { globSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import type { TempDir } from "./temp-dir.ts";

/** The wall clock of processes that are started with `env`, by libfaketime. Their monotonic clock stays that of the machine. */
export interface FakedClock {
  readonly env: Readonly<Record<string, string>>;
  /** From now on it is this many seconds ahead of the machine's, in the processes that run already too. */
  set(ahead: number): Promise<void>;
}

/** Undefined: there is no libfaketime here. */
export async function fakedClock(dir: TempDir): Promise<FakedClock | undefined> {
  const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
  if (library === undefined) return undefined;
  const file = dir.join("wall-clock");
  const set = async (ahead: number): Promise<void> => {
    // It is read at every look at the clock: never half of it.
    await writeFile(`${file}.new`, `${ahead < 0 ? "" : "+"}${ahead}\n`);
    await rename(`${file}.new`, file);
  };
  await set(0);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // The file system has a clock of its own.
    NO_FAKE_STAT: "1",
  };
  return { env, set };
}
