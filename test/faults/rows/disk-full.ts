import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { LeafdPlace } from "../../support/leafd-place.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import type { LyingVault } from "../../support/lying-vault.ts";
import { seenBy, withMounts } from "../../support/mount-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { straced } from "../../support/strace.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** One service, whose next certificate finds no room. */
interface Shortage {
  readonly service: string;
  readonly directory: string;
  /** Uses up what is left, and answers the undoing. */
  readonly exhaust: () => () => void;
}

/** The disk fills between the signature and the commit: the moment that no look beforehand can catch. */
async function runDiskFull(scene: Scene): Promise<Outcome> {
  const { place, front, watch } = await daemonScene(scene);
  const findings = new Findings();
  const services = ["space", "inodes"];
  for (const service of services) mkdirSync(place.live(service));
  await place.configure(Object.fromEntries(services.map((service) => [service, {}])));
  const sizes = ["size=512k", "size=8m,nr_inodes=64"];
  const mounts = services.map((service, at) => ["-t", "tmpfs", "-o", sizes[at] ?? "", "tmpfs", place.live(service)]);
  await using leafd = place.start("run", [], { wrapper: withMounts(...mounts) });
  await leafd.each("published", ...services);
  const watched = await watch(...services.map((service) => seenBy(leafd.pid, place.live(service))));
  const recoveries: number[] = [];
  for (const [service, exhaust] of [
    ["space", fillBlocks],
    ["inodes", fillInodes],
  ] as const) {
    const directory = seenBy(leafd.pid, place.live(service));
    const shortage = { service, directory, exhaust: () => exhaust(directory) };
    recoveries.push(await runShort({ place, leafd, front, shortage, findings }));
  }
  await watched.end(findings, { leafds: [leafd], budget: 4 });
  await quotaExceeded(scene, findings);
  return findings.outcome(
    `issuance=1 recovery_s=${Math.max(...recoveries).toFixed(1)} errnos=ENOSPC,ENOSPC(inodes),EDQUOT`,
  );
}

interface Short {
  readonly place: LeafdPlace;
  readonly leafd: LeafdProcess;
  readonly front: LyingVault;
  readonly shortage: Shortage;
  readonly findings: Findings;
}

/** Answers the seconds from the end of the shortage to the new pair. */
async function runShort({ place, leafd, front, shortage, findings }: Short): Promise<number> {
  const { service, directory, exhaust } = shortage;
  const before = readPair(directory);
  const answer = front.holdNext();
  await renew(place, leafd, service);
  await answer.signed;
  const makeRoom = exhaust();
  answer.release();
  const failed = await leafd.next("rotation_failed", (line) => line.service === service);
  findings.equal([failed["stage"], failed.reason], ["store", "disk_full"], service);
  // The next tries find it beforehand.
  const again = await leafd.next("rotation_failed", (line) => line.service === service);
  findings.equal([again["stage"], again.reason], ["preflight", "disk_full"], `${service}, the next try`);
  findings.equal(readPair(directory), before, `${service}: the pair meanwhile`);
  makeRoom();
  const freed = Date.now();
  const published = await leafd.next("published", (line) => line.service === service);
  const [issued] = leafd.seen("issued", service).slice(-1);
  findings.equal(published.serial, issued?.serial, `${service}: the pair is the one that was issued before`);
  findings.equal(leafd.seen("issued", service).length, 2, `${service}: issuances`);
  return (Date.parse(published.time) - freed) / 1000;
}

function fillBlocks(directory: string): () => void {
  return untilFull(`${directory}/filler`, (path) => appendFileSync(path, Buffer.alloc(4096, 1)));
}

function fillInodes(directory: string): () => void {
  mkdirSync(`${directory}/filler`);
  let count = 0;
  return untilFull(`${directory}/filler`, (path) => writeFileSync(`${path}/${(count += 1)}`, ""));
}

function untilFull(path: string, add: (path: string) => void): () => void {
  for (;;)
    try {
      add(path);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOSPC")
        return () => rmSync(path, { recursive: true, force: true });
      throw error;
    }
}

/** A first commit makes four links, three of them for good; the fifth is the swap of the second. */
const SECOND_SWAP = 5;

async function quotaExceeded(scene: Scene, findings: Findings): Promise<void> {
  const { pki, place } = await daemonScene(scene);
  await place.configure({ quota: {} });
  const wrapper = straced("symlink", `error=EDQUOT:when=${SECOND_SWAP}`);
  await using leafd = place.start("run", [], { wrapper });
  await leafd.next("published");
  const before = readPair(place.live("quota"));
  await renew(place, leafd, "quota");
  const failed = await leafd.next("rotation_failed");
  findings.equal([failed["stage"], failed.reason], ["store", "disk_full"], "quota");
  findings.equal(readPair(place.live("quota")).serial, before.serial, "quota: the pair meanwhile");
  await leafd.next("published");
  findings.equal(await pki.issued(), 2, "quota: certificates");
}

export const DISK_FULL_ROWS: readonly FaultRow[] = [
  {
    id: 19,
    fault: "ENOSPC, EDQUOT, out of inodes at commit",
    expected: "old pair intact, retried without a new issuance",
    run: runDiskFull,
  },
];
