/** A length of time in milliseconds. */
export type Millis = number;

/** A point in time: milliseconds since 1970-01-01T00:00:00Z, as the wall clock says it. */
export type EpochMillis = number;

/** A bound in time that keeps nothing back, and one that is never reached: both may be compared, and neither is shown. */
export const ALWAYS: EpochMillis = Number.NEGATIVE_INFINITY;
export const NEVER: EpochMillis = Number.POSITIVE_INFINITY;

export const SECOND: Millis = 1000;
export const MINUTE: Millis = 60 * SECOND;
export const HOUR: Millis = 60 * MINUTE;
export const DAY: Millis = 24 * HOUR;

const UNITS: Readonly<Record<string, Millis>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/**
 * Reads a duration as an operator writes it: `90s`, `24h`, `3d`, `1h30m`, `250ms`.
 * Answers milliseconds, or undefined when the text is not a duration (a bare number is none: it has no unit).
 */
export function parseDuration(text: string): Millis | undefined {
  if (!/^(\d{1,12}(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) total += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return total;
}

/** Writes a duration for people, two units at most: `2h 5m`, `14s`, `350ms`; a negative one keeps its sign. */
export function formatDuration(duration: Millis): string {
  if (duration < 0) return `-${formatDuration(-duration)}`;
  if (duration < SECOND) return `${Math.round(duration)}ms`;
  const seconds = Math.floor(duration / SECOND);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/**
 * The shortest duration of at most two units that is no shorter than this one, as an operator writes it: `12h34m` for
 * 12 h 33 min 51 s. For advice that must hold when it is followed.
 */
export function durationAtLeast(duration: Millis): string {
  const step = duration > DAY ? HOUR : duration > HOUR ? MINUTE : SECOND;
  return formatDuration(Math.ceil(duration / step) * step).replaceAll(" ", "");
}

/** RFC 3339 with seconds, in UTC, for logs, tables and JSON. */
export function formatTime(at: EpochMillis): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
