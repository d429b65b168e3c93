/** @type {readonly [seconds: number, unit: string][]} */
const UNITS = [
  [86_400, "d"],
  [3600, "h"],
  [60, "m"],
  [1, "s"],
];

/**
 * A duration for people, two units at most: `2h 5m`, `14s`. The same as `leafd status` says it, in whole seconds.
 * @param {number} milliseconds not negative
 */
export function duration(milliseconds) {
  let rest = Math.floor(milliseconds / 1000);
  const parts = UNITS.map(([seconds, unit]) => {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    return { count, unit };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first === -1) return "0s";
  return parts
    .slice(first, first + 2)
    .filter(({ count }) => count > 0)
    .map(({ count, unit }) => `${count}${unit}`)
    .join(" ");
}

/**
 * `in 2h 5m`, `3s ago`, `now`.
 * @param {number} at
 * @param {number} now
 */
export function relative(at, now) {
  if (Math.abs(at - now) < 1000) return "now";
  return at > now ? `in ${duration(at - now)}` : `${duration(now - at)} ago`;
}

/**
 * `2026-01-01 12:00:00`, in UTC as the page says once for all.
 * @param {number} at
 */
export function stamp(at) {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
