import { setTimeout as delay } from "node:timers/promises";
import type { LeafdProcess, LogLine } from "../support/leafd-process.ts";

/* What rows measure. */

/** Renewals of a service, and how many of them came no later than this after they were due. */
export interface Punctuality {
  readonly renewals: number;
  readonly onTime: number;
}

const LATE = 2000;

/** How punctual the renewals of these services were, by the due times that leafd had told of itself. */
export function punctuality(leafd: LeafdProcess, ...services: readonly string[]): Punctuality {
  const renewals = services.flatMap((service) => {
    const published = leafd.seen("published", service);
    return published.slice(1).map((line, at) => Date.parse(line.time) - timeOf(published[at], "due"));
  });
  return { renewals: renewals.length, onTime: renewals.filter((late) => late <= LATE).length };
}

/** A point in time that a line tells, in epoch milliseconds. */
export function timeOf(line: LogLine | undefined, field: string): number {
  return Date.parse(String(line?.[field]));
}

/** A length of time in seconds, as figures show it. */
export function seconds(millis: number): string {
  return (millis / 1000).toFixed(millis < 1000 ? 2 : 1);
}

/** Percent of all, as figures show it; of nothing it is none. */
export function percent({ onTime, renewals }: Punctuality): string {
  return renewals === 0 ? "none" : String(Math.round((100 * onTime) / renewals));
}

/** The longest that leafd took to answer on its HTTP port, asked all the time until the scope ends. */
export function answerTimes(observed: string): Disposable & { readonly longest: () => number } {
  const stop = new AbortController();
  let longest = 0;
  void (async () => {
    while (!stop.signal.aborted) {
      const began = performance.now();
      await fetch(`${observed}/livez`, { signal: stop.signal }).catch(() => undefined);
      if (!stop.signal.aborted) longest = Math.max(longest, performance.now() - began);
      await delay(20);
    }
  })();
  return { longest: () => Math.round(longest), [Symbol.dispose]: () => stop.abort() };
}
