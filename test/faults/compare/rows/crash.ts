import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, type ComparedRow, nextSerial, running } from "../bench.ts";
import { exposedKeys, filesBelow, lookAt, serialOf } from "../pair-on-disk.ts";
import { killInRenewal } from "../slow-motion.ts";
import { Supervised } from "../supervised.ts";
import type { PairFiles } from "../tool.ts";

/* SIGKILL in the middle of a renewal. */

const TTL = 5;
/** No renewal has more states. */
const MOST = 80;
/** What follows a publication, such as a sweep, is over after so many milliseconds. */
const SETTLING = 500;
/** Leaves time after a renewal before the next one. */
const LONGER_TTL = 60;
const AFTER_RESTART = 12;
const HOOK = join(import.meta.dirname, "../../../fixtures/note-reload.sh");

interface Crash {
  /** What a dependent that starts now finds. */
  readonly left: ReturnType<typeof lookAt>["kind"];
  readonly exposed: boolean;
  /** Files in the directory when the next start has published. */
  readonly files: number;
}

/** Row 23. */
export const CRASH_ROW: ComparedRow = {
  id: 23,
  what: "SIGKILL in a renewal, once at each state of the output directory that its system calls bring about (strace -f)",
  reading:
    "`points` states at which it was killed (slowed down as it is, leafd may begin the next renewal, and is killed in that too); `torn`, `broken` (empty or cut off), `missing`: states that a dependent which starts then could not use; `key_readable` states with a private key that others may read; `litter` files more than after an undisturbed renewal when the next start had published, at most",
  layouts: ["files", "bundle"],
  together: 2,
  measure: async (bench) => {
    const crashes: Crash[] = [];
    let undisturbed: number | undefined;
    while (undisturbed === undefined && crashes.length < MOST) {
      const crash = await crashAt(bench, crashes.length + 1);
      if (typeof crash === "number") undisturbed = crash;
      else crashes.push(crash);
    }
    if (crashes.length === 0 || undisturbed === undefined) throw new Error(`${crashes.length} states of a renewal`);
    const litter = Math.max(...crashes.map(({ files }) => files)) - undisturbed;
    const count = (kind: Crash["left"]) => crashes.filter(({ left }) => left === kind).length;
    return [
      `points=${crashes.length}`,
      `torn=${count("torn")}`,
      `broken=${count("broken")}`,
      `missing=${count("missing")}`,
      `key_readable=${crashes.filter(({ exposed }) => exposed).length}`,
      `litter=${Math.max(0, litter)}`,
    ].join(" ");
  },
};

/** Kills a fresh installation at this state of its first renewal; when that has fewer, answers the files after it. */
async function crashAt(bench: Bench, wanted: number): Promise<Crash | number> {
  const site = await bench.site(`${TTL}s`);
  const { installation, process, serial } = await running(bench, site);
  await delay(SETTLING);
  const killed = await killInRenewal({
    pid: process.pid,
    directory: site.directory,
    renewed: () => isNew(installation.files, serial),
    killAt: (state) => state === wanted,
    within: 4 * TTL * 1000,
  });
  await process.stop("SIGKILL");
  if (!killed) return filesBelow(site.directory).length;
  const left = lookAt(installation.files).kind;
  const exposed = exposedKeys(site.directory).length > 0;
  await using again = new Supervised(installation);
  await nextSerial(installation, again, serial);
  await delay(SETTLING);
  return { left, exposed, files: filesBelow(site.directory).length };
}

/** Row 33. */
export const OWED_RELOAD_ROW: ComparedRow = {
  id: 33,
  what: `SIGKILL in a renewal (certificate ${LONGER_TTL} s) when the new pair is there and before the command has run; started again, and watched for ${AFTER_RESTART} s`,
  reading: "`reloads` how often the command ran after the restart for the pair that it had not heard of: 1 is right",
  layouts: ["files", "bundle"],
  together: 3,
  measure: async (bench) => {
    const site = await bench.site(`${LONGER_TTL}s`);
    const told = site.room.join("told");
    const { installation, process, serial } = await running(bench, site, { command: [HOOK, told] });
    await waitFor(() => reloads(told) === 1, { what: "the first reload" });
    const killed = await killInRenewal({
      pid: process.pid,
      directory: site.directory,
      renewed: () => isNew(installation.files, serial),
      // The destination of a template, or the visible name of leafd, is written last.
      killAt: () => isNew(installation.files, serial) && isNew(lastOf(installation.files), serial),
      within: 2 * LONGER_TTL * 1000,
    });
    await process.stop("SIGKILL");
    const before = reloads(told);
    if (!killed || before !== 1) throw new Error("the kill came too late, or not at all");
    const renewed = serialOf(installation.files);
    await using _again = new Supervised(installation);
    await delay(AFTER_RESTART * 1000);
    const same = serialOf(installation.files) === renewed ? "yes" : "no";
    return `reloads=${reloads(told) - before} pair_kept=${same}`;
  },
};

const isNew = (files: PairFiles, old: string): boolean => {
  const serial = serialOf(files);
  return serial !== undefined && serial !== old;
};

/** How often the command ran. */
const reloads = (told: string): number => (existsSync(told) ? readFileSync(told, "utf8").split("\n").length - 1 : 0);

/** With files of their own, the template's destination beside them is written after them. */
function lastOf(files: PairFiles): PairFiles {
  const destination = join(dirname(files.key), "tls.pem");
  return existsSync(destination) ? { key: destination, certificate: destination } : files;
}
