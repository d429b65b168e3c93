import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";

type Callback = Parameters<LookupFunction>[2];
type Answer = [error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number];

const pending = new Map<string, Callback[]>();

/**
 * `dns.lookup`, one in flight per host: getaddrinfo cannot be cancelled and holds one of libuv's four threads, so a
 * resolver that hangs must not get a new one from every attempt. Nothing is cached: each attempt resolves anew.
 */
export const sharedLookup: LookupFunction = (hostname, options, callback) => {
  const key = JSON.stringify([hostname, options.family, options.all, options.hints]);
  const waiting = pending.get(key);
  if (waiting !== undefined) {
    waiting.push(callback);
    return;
  }
  pending.set(key, [callback]);
  const answer = (...result: Answer): void => {
    const callbacks = pending.get(key) ?? [];
    pending.delete(key);
    for (const each of callbacks) each(...result);
  };
  lookup(hostname, options satisfies LookupOptions, answer);
};
