import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LeafdPlace } from "./leafd-place.ts";
import { readPair } from "./published-pair.ts";

/* SIGKILL: no handler runs, nothing is flushed, nothing is given back. */

/** A reload command that appends its cause to the file in its first argument; with a second one it waits for that file. */
export const NOTE_RELOAD = join(import.meta.dirname, "../fixtures/note-reload.sh");

/** The causes of the reloads that NOTE_RELOAD has noted in this file of the place so far. */
export function notedReloads(place: LeafdPlace, file = "told"): readonly string[] {
  const path = place.dir.join(file);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

/**
 * Kills leafd in the 0.3 s after its first commit, in which reloads gather. A kill that comes too late, on a machine that
 * is busy, shows nothing: then all is done again. Answers how many certificates that took.
 */
export async function killBeforeReload(place: LeafdPlace): Promise<number> {
  for (let certificates = 1; ; certificates++) {
    await using leafd = place.start("run");
    await leafd.next("published");
    await leafd.stop("SIGKILL");
    if (leafd.seen("reload_started").length === 0) return certificates;
    await rm(place.live("web"), { recursive: true });
    await rm(place.dir.join("told"), { force: true });
  }
}

interface Kills {
  readonly kills: number;
  /** Certificates that were asked for and neither published nor refused: at most one a kill. */
  readonly lost: number;
}

/** Starts leafd and kills it at random times, for this many milliseconds. The service `web` has its pair already. */
export async function killAtRandom(place: LeafdPlace, duration: number): Promise<Kills> {
  const live = place.live("web");
  const until = Date.now() + duration;
  let [kills, lost, slowest] = [0, 0, 0];
  while (Date.now() < until) {
    const begins = Date.now();
    await using leafd = place.start("run");
    await leafd.next("started");
    slowest = Math.max(slowest, Date.now() - begins);
    await delay(Math.random() * 2_000);
    // A leafd that lives too rarely cannot renew: when the next one might come too late, this one may finish.
    if (readPair(live).leaf.validToDate.getTime() - Date.now() < 3 * slowest) await leafd.next("published");
    await leafd.stop("SIGKILL");
    kills += 1;
    const ended = leafd.seen("published").length + leafd.seen("rotation_failed").length;
    lost += leafd.seen("rotation_started").length - ended;
  }
  return { kills, lost };
}

/** The most certificates of this TTL (milliseconds) that renewal at half of the life needs in that time. */
export function mostCertificates(ttl: number, time: number): number {
  // Due after half of the life, less a jitter of up to a tenth of it.
  return Math.floor(time / (0.4 * ttl)) + 1;
}
