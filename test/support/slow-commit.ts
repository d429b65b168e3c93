import { readdirSync } from "node:fs";
import type { LeafdOptions } from "./leafd-process.ts";
import { readPair } from "./published-pair.ts";
import { straced } from "./strace.ts";
import { waitFor } from "./wait-for.ts";

/** How often a commit syncs; one pool thread does it all, so that strace counts them together. */
const SYNCS = 7;

/** A leafd whose second commit stands still for this long, in milliseconds, with all files written and none synced. */
export function slowSecondCommit(pause: number): Pick<LeafdOptions, "wrapper" | "env"> {
  const wrapper = straced("fsync", `delay_enter=${pause * 1000}:when=${SYNCS + 1}`);
  return { wrapper, env: { UV_THREADPOOL_SIZE: "1" } };
}

/** Resolves when a generation after the visible one is being written. */
export async function halfWritten(live: string): Promise<void> {
  const { generation } = readPair(live);
  const isNew = (name: string) => name.startsWith("..gen-") && name > generation;
  await waitFor(() => readdirSync(live).some(isNew), { what: "the commit", every: 1 });
}
