import { closeSync } from "node:fs";
import type { HeldDirectory } from "./directory.ts";
import { errnoOf } from "./disk-error.ts";
import { createFile, readBounded, swapIn } from "./durable.ts";
import { temporaryName } from "./names.ts";

/*
 * Small JSON records beside the generations. Replaced in one step, so a reader sees the old or the new one. Not synced:
 * a power cut may lose the last change or leave an unreadable file, and both are harmless. A lost delivery means one
 * reload more, and a writer that a lost claim would name is as dead as its machine was.
 */

const LARGEST_RECORD = 16 * 1024;

/** What a record file holds: nothing, something that is no JSON (or may not be read), or a value to be guarded. */
export type StoredRecord =
  | { readonly kind: "none" | "unreadable" }
  | { readonly kind: "value"; readonly value: unknown };

/** Reads a record and never throws. */
export function readRecord(directory: HeldDirectory, name: string): StoredRecord {
  try {
    const value: unknown = JSON.parse(readBounded(directory, name, LARGEST_RECORD).toString("utf8"));
    return { kind: "value", value };
  } catch (thrown) {
    return { kind: errnoOf(thrown) === "ENOENT" ? "none" : "unreadable" };
  }
}

/** Writes a record, over whatever is there: world-readable, because it holds no secret. */
export function writeRecord(directory: HeldDirectory, name: string, value: object): void {
  const temporary = temporaryName();
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  closeSync(createFile(directory.at(temporary), bytes, { mode: 0o644, uid: undefined, gid: undefined }));
  swapIn(directory, temporary, name);
}

/**
 * The fields of a record of this version or a later one, still unknown; undefined when it is none. What a later leafd
 * writes is read as well: a field keeps its name, its form and its meaning for good, and the version is raised when one
 * goes, which whoever reads it notices by its absence.
 */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isObject(value) && versionOf(value) !== undefined ? value : undefined;
}

/** The version of a record when a later leafd than this one wrote it. */
export function laterVersion(value: unknown): number | undefined {
  const version = isObject(value) ? versionOf(value) : undefined;
  return version === undefined || version === 1 ? undefined : version;
}

function versionOf({ version }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof version === "number" && Number.isSafeInteger(version) && version >= 1 ? version : undefined;
}

/** True for a JSON object, whose fields are then still unknown. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
