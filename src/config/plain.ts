import type { Path } from "./report.ts";

/** A map of plain data, as YAML gives it. */
export type PlainMap = Readonly<Record<string, unknown>>;

/** Whether a value of plain data is a map; a list and null are none. */
export function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is at this path of plain data; undefined when there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path) {
    if (Array.isArray(found) && typeof part === "number") found = found[part];
    else found = isPlainMap(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  }
  return found;
}

/** Puts a value at this path, in place; undefined takes the key away, and no element out of its list. */
export function put(data: unknown, path: Path, value: unknown): void {
  const holder = valueAt(data, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined || typeof holder !== "object" || holder === null) return;
  if (value !== undefined) Reflect.set(holder, last, value);
  else if (!Array.isArray(holder)) Reflect.deleteProperty(holder, last);
}
