import { type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";

type Callback = Parameters<LookupFunction>[2];

type Resolve = (hostname: string, options: LookupOptions, callback: Callback) => void;

/** `dns.lookup`, one in flight per host for the whole process. */
export const sharedLookup: LookupFunction = singleFlight(lookup);

/**
 * One look-up in flight per host: getaddrinfo cannot be cancelled and holds one of libuv's four threads, so a resolver
 * that hangs must not get a new one from every attempt. Nothing is cached: each attempt resolves anew.
 */
export function singleFlight(resolve: Resolve): LookupFunction {
  const pending = new Map<string, Callback[]>();
  return (hostname, options, callback) => {
    const key = JSON.stringify([hostname, options.family, options.all, options.hints]);
    const waiting = pending.get(key);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    pending.set(key, [callback]);
    resolve(hostname, options, (...answer) => {
      const callbacks = pending.get(key) ?? [];
      pending.delete(key);
      for (const each of callbacks) each(...answer);
    });
  };
}
