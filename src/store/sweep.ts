import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { HeldDirectory } from "./directory.ts";
import { generations, readGeneration } from "./inspect.ts";
import { visibleGeneration } from "./links.ts";
import { generationTime, isTemporary } from "./names.ts";

/** How long a generation stays after its successor came: a reader may have resolved `..data` just before. */
const GRACE: Millis = 10 * SECOND;

/**
 * Removes what crashed commits left, and generations that nobody needs. What stays: the visible one; the newest whole
 * one before it, from which damage is repaired; and those replaced a moment ago. Names that are not ours stay too.
 */
export function sweepDirectory(directory: HeldDirectory, now: EpochMillis): number {
  let removed = 0;
  const names = readdirSync(directory.at("."));
  for (const name of names.filter(isTemporary))
    if (!lstatSync(directory.at(name)).isDirectory()) {
      unlinkSync(directory.at(name));
      removed++;
    }
  for (const name of superfluous(directory, generations(names), now)) {
    removeGeneration(directory, name);
    removed++;
  }
  return removed;
}

function superfluous(directory: HeldDirectory, found: readonly string[], now: EpochMillis): readonly string[] {
  const current = visibleGeneration(directory);
  const all = found.filter((name) => lstatSync(directory.at(name)).isDirectory());
  const previous = all.find((name) => (current === undefined || name < current) && isWhole(directory, name));
  return all.filter((name, index) => {
    if (name === current || name === previous) return false;
    const successor = all[index - 1];
    const neverVisible = current === undefined || name > current || successor === undefined;
    if (neverVisible || Math.abs(now - (generationTime(successor) ?? 0)) > GRACE) return true;
    return !isWhole(directory, name); // A torn one was never visible either.
  });
}

function isWhole(directory: HeldDirectory, name: string): boolean {
  try {
    return typeof readGeneration(directory, name) !== "string";
  } catch {
    return true; // It cannot be read now, which is no reason to delete it.
  }
}

/** Removes one generation. It is flat, so a directory in it is not ours, and stops the removal. */
export function removeGeneration(directory: HeldDirectory, name: string): void {
  {
    using inside = directory.open(name);
    for (const file of readdirSync(inside.at("."))) unlinkSync(inside.at(file));
  }
  rmdirSync(directory.at(name));
}
