import { closeSync, openSync, writeSync } from "node:fs";
import { chown, readdir, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { mount, unmount } from "../../../support/mount-room.ts";
import { type Bench, type ComparedRow, nextSerial, running, seconds } from "../bench.ts";
import { lookAt } from "../pair-on-disk.ts";
import { Supervised } from "../supervised.ts";

const TTL = 20;
/** From the first pair on: its renewal comes due in it, and it ends in it. */
const FULL = 60;
const REFUSED = 45;
const NOBODY = { uid: 65534, gid: 65534 };

/** Row 19. */
export const FULL_DISK_ROW: ComparedRow = {
  id: 19,
  what: `the output's file system is full for ${FULL} s, from the first certificate (${TTL} s) on`,
  reading:
    "`issued` certificates the server made in that time; `on_disk` what a dependent would have read at its end; `recovery_s` from free space to a new whole pair, which depends on where in its backoff the tool was (`bao agent`: up to 5 min; leafd: up to 30 s once the pair has ended). `writeToFile` cuts its file off first, which on a full tmpfs gives it the room that it writes into",
  layouts: ["files", "bundle"],
  together: 3,
  measure: async (bench) => {
    const site = await bench.site(`${TTL}s`);
    mountOver(bench, site.directory, "size=1m");
    const { installation, process, serial } = await running(bench, site);
    const filler = `${site.directory}/filler`;
    const before = await site.pki.issued();
    fill(filler);
    await delay(FULL * 1000);
    const issued = (await site.pki.issued()) - before;
    const onDisk = lookAt(installation.files);
    const left = onDisk.kind === "whole" ? pairNow(onDisk, serial) : onDisk.kind;
    const freed = Date.now();
    await rm(filler);
    await nextSerial(installation, process, serial);
    const recovery = seconds(Date.now() - freed);
    return `issued=${issued} on_disk=${left} recovery_s=${recovery} exits=${process.exits}`;
  },
};

/** Row 21. */
export const REFUSED_TARGET_ROW: ComparedRow = {
  id: 21,
  what: `the output directory is read-only (EROFS), or belongs to another user (EACCES), for the first ${REFUSED} s`,
  reading: "certificates the server made although none could be written, and how often the tool ended",
  layouts: ["files", "bundle"],
  together: 3,
  measure: async (bench) => {
    const [erofs, eacces] = await Promise.all([refused(bench, "EROFS"), refused(bench, "EACCES")]);
    return `${erofs} ${eacces}`;
  },
};

async function refused(bench: Bench, errno: "EROFS" | "EACCES"): Promise<string> {
  const site = await bench.site("1h");
  const installation = await bench.tool.install(site, { layout: bench.layout });
  if (errno === "EROFS") mountOver(bench, site.directory, "ro");
  else await giveTo(NOBODY, site.room.path, ["live"]);
  const user = errno === "EACCES" ? { user: NOBODY } : {};
  await using process = new Supervised(installation, user);
  await delay(REFUSED * 1000);
  if (process.log.length === 0) throw new Error(`${bench.tool.name} did not start`);
  return `${errno.toLowerCase()}: issued=${await site.pki.issued()} exits=${process.exits}`;
}

function pairNow({ serial, endsAt }: { serial: string; endsAt: number }, first: string): string {
  return `${serial === first ? "first_pair" : "new_pair"}${endsAt < Date.now() ? "_since_ended" : ""}`;
}

/** A tmpfs with these options, until the end of the bench. */
function mountOver(bench: Bench, directory: string, options: string): void {
  mount("-t", "tmpfs", "-o", options, "tmpfs", directory);
  bench.resources.defer(() => unmount(directory));
}

/** Gives a directory and what is in it to a user, except these. */
async function giveTo(user: typeof NOBODY, room: string, except: readonly string[]): Promise<void> {
  const names = (await readdir(room)).filter((name) => !except.includes(name));
  for (const path of [room, ...names.map((name) => `${room}/${name}`)]) await chown(path, user.uid, user.gid);
}

/** Writes until nothing more goes in. */
function fill(path: string): void {
  const block = Buffer.alloc(4096);
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
}
