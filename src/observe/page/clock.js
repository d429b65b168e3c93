/*
 * The time as leafd has it: the browser's clock may be wrong, and an operator compares with the log.
 */

/** @type {number | undefined} Milliseconds by which leafd's clock is ahead of the browser's monotonic one. */
let ahead;

/**
 * Each event of the stream says what time it is; the latest is believed.
 * @param {number} at
 */
export function setNow(at) {
  ahead = at - performance.now();
}

/** Milliseconds since 1970, by leafd's clock; 0 before it has said anything. */
export function now() {
  return ahead === undefined ? 0 : Math.round(ahead + performance.now());
}
