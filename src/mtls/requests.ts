import type { Decision } from "./allow-list.ts";

/** Decisions since the start by endpoint: the keys of the rules, and `unknown` for everything else. */
export type RequestCounts = Readonly<Record<string, { readonly allowed: number; readonly denied: number }>>;

/** Counts decisions, with every endpoint present from the start: a caller cannot add one. */
export function requestCounter(endpoints: readonly string[]): {
  count(decision: Decision): void;
  snapshot(): RequestCounts;
} {
  const counts = new Map([...endpoints, "unknown"].map((endpoint) => [endpoint, { allowed: 0, denied: 0 }]));
  return {
    count({ endpoint = "unknown", kind }) {
      const of = counts.get(endpoint);
      if (of !== undefined) of[kind] += 1;
    },
    snapshot: () => Object.fromEntries([...counts].map(([endpoint, of]) => [endpoint, { ...of }])),
  };
}
