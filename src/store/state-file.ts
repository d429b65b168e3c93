import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { Warn } from "./claim.ts";
import { diskError } from "./disk-error.ts";
import { laterVersion } from "./record.ts";

/*
 * Small JSON files of the state directory, 0600, that leafd can do without: one that cannot be read is a warning and
 * counts as none. Replaced in one step and not synced.
 */

interface StateFile<T> {
  readonly path: string;
  /** The value, or undefined when it is none that this leafd wrote. */
  readonly parse: (value: unknown) => T | undefined;
  /** What it means when the file cannot be read: `its issuances are forgotten`. */
  readonly lost: string;
}

/** What the file holds; undefined when it is not there, or damaged, which is warned of. */
export function loadState<T>({ path, parse, lost }: StateFile<T>, warn: Warn): T | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    const found = parseJson(readFileSync(path, "utf8"));
    const value = parse(found);
    if (value !== undefined) return value;
    const later = laterVersion(found);
    const what = later === undefined ? "is damaged" : `was written by a later leafd (version ${later})`;
    throw new LeafdError("io_error", `${path} ${what}, so ${lost}`, { hint: "Nothing to do: leafd writes it anew." });
  } catch (thrown) {
    warn(path, diskError(thrown, `read ${path}, so ${lost}`));
    return undefined;
  }
}

/** Replaces the file; throws what the file system does. */
export function saveState(path: string, value: object): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
