import { knownKeys } from "./json-schema.ts";
import { type PlainMap, put } from "./plain.ts";
import { formatPath, type Path, type Problem } from "./report.ts";
import { type FileConfig, parseShape } from "./schema.ts";
import { shapeProblems } from "./shape-problems.ts";

/*
 * A configuration with one misshapen value can still hold other mistakes, and all of them are to be shown at once. So
 * the misshapen value is replaced by a stand-in of the right shape, and the rest is checked as it would have been.
 */

const NAME = "stand-in";

/** Tried in turn until one fits; last, the key is left out. No two of them are the same to a check between keys. */
const STAND_INS: readonly unknown[] = [
  {},
  NAME,
  `/${NAME}`,
  `https://${NAME}`,
  `${NAME}:1`,
  [NAME],
  1,
  true,
  "1m",
  "0640",
  "* * * * *",
  undefined,
];

export interface Mended {
  readonly config: FileConfig;
  /** Whether a problem of this configuration is one of a stand-in, or of a misspelt key that is missing now. */
  readonly isOurs: (problem: Problem) => boolean;
}

/**
 * The configuration with what does not fit its shape replaced; undefined when nothing does it. `misshapen` is what
 * `shapeProblems` said of the value.
 */
export function mend(value: PlainMap, misshapen: readonly Problem[]): Mended | undefined {
  const tried = new Map<string, number>();
  const places: Path[] = [];
  const mended = structuredClone(value);
  for (let problems = misshapen; problems.length > 0; ) {
    for (const { path } of problems) {
      const place = nextPlace(path, tried);
      if (place === undefined) return undefined;
      const attempt = tried.get(formatPath(place)) ?? 0;
      if (attempt === 0) places.push(place);
      tried.set(formatPath(place), attempt + 1);
      put(mended, place, structuredClone(STAND_INS[attempt]));
    }
    const shaped = parseShape(mended);
    if ("config" in shaped) return { config: shaped.config, isOurs: (problem) => isOurs(problem, places) };
    problems = shapeProblems(shaped.issues, mended);
  }
  return undefined;
}

/** The innermost part of the path for which something is left to try. */
function nextPlace(path: Path, tried: ReadonlyMap<string, number>): Path | undefined {
  if (path.length === 0) return undefined;
  return (tried.get(formatPath(path)) ?? 0) < STAND_INS.length ? path : nextPlace(path.slice(0, -1), tried);
}

function isOurs({ path, lacks = [] }: Problem, places: readonly Path[]): boolean {
  return places.some((place) => startsWith(path, place) || lacks.some((map) => isGone(place, map)));
}

/** Whether the map is a stand-in, or held this key, which it cannot have. */
function isGone(place: Path, map: Path): boolean {
  if (startsWith(map, place)) return true;
  if (!startsWith(place, map)) return false;
  return place.length === map.length + 1 && !knownKeys(map).includes(String(place.at(-1)));
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, index) => part === path[index]);
}
