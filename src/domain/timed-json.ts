import { LeafdError } from "./errors.ts";
import { formatTime } from "./units.ts";

/*
 * What leafd answers as JSON: points in time, wherever they stand, are numbers in the program and RFC 3339 (UTC, whole
 * seconds) in the text. Members may be added to an answer, none renamed.
 */

/** The members that are points in time. */
const TIMES: ReadonlySet<string> = new Set(
  "startedAt configLoadedAt at tokenExpires nextAt notBefore notAfter due issue store reload confirm pausedUntil from since probeAt failedAt reserveNotAfter usedUntil caNotAfter trustNotAfter lastTick retryAt opensAt windowOpensAt".split(
    " ",
  ),
);

/** The value as JSON. */
export function writeTimed(value: object, indent?: number): string {
  const asText = (key: string, member: unknown) =>
    typeof member === "number" && TIMES.has(key) ? formatTime(member) : member;
  return JSON.stringify(value, asText, indent);
}

/** Reads what `writeTimed` wrote: a `what`, if `is` says so. LeafdError `bad_response` for anything else. */
export function readTimed<T>(text: string, what: string, is: (value: unknown) => value is T): T {
  const value = parse(text);
  if (is(value)) return value;
  throw new LeafdError("bad_response", `the answer is not a leafd ${what}`, {
    hint: "Check that the running leafd and this program are of one version.",
  });
}

function parse(text: string): unknown {
  const asNumber = (key: string, member: unknown) =>
    typeof member === "string" && TIMES.has(key) ? Date.parse(member) : member;
  try {
    return JSON.parse(text, asNumber);
  } catch {
    return undefined;
  }
}
