import type { Path } from "./report.ts";

/** A map of plain data, as YAML gives it. */
export type PlainMap = Readonly<Record<string, unknown>>;

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

/** A copy of a map without the value at this path; the original stays as it is. */
export function without(map: PlainMap, path: Path): PlainMap {
  const [key, ...rest] = path;
  const entries = Object.entries(map).filter(([name]) => name !== String(key) || rest.length > 0);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === String(key) ? withoutIn(value, rest) : value]),
  );
}

function withoutIn(value: unknown, path: Path): unknown {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === path[0] ? withoutIn(item, path.slice(1)) : item));
  return isPlainMap(value) ? without(value, path) : value;
}
