import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import type { LeafdPlace } from "../../support/leafd-place.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { seenBy, withMounts } from "../../support/mount-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { straced } from "../../support/strace.ts";
import { waitFor } from "../../support/wait-for.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** The syncs of one commit; the first of the next one takes this long, in microseconds. */
const SYNCS = 7;
const SLOW = 1_500_000;

/** What happens to the output directory in the middle of a commit, by the name of its service. */
const REPLACEMENTS: Readonly<Record<string, (live: string, leafd: LeafdProcess) => void>> = {
  removed: (live) => renameSync(live, `${live}-aside`),
  recreated: (live) => {
    renameSync(live, `${live}-aside`);
    mkdirSync(live);
  },
  mounted: (live, { pid }) => {
    execFileSync("nsenter", ["--target", String(pid), "--mount", "mount", "-t", "tmpfs", "tmpfs", live]);
  },
};

async function runReplaced(scene: Scene): Promise<Outcome> {
  const { pki, place, renew } = await daemonScene(scene);
  const findings = new Findings();
  const times: string[] = [];
  for (const [service, replace] of Object.entries(REPLACEMENTS)) {
    const before = await pki.issued();
    await place.configure({ [service]: {} });
    const wrapper = [...withMounts(), ...straced("fsync", `delay_enter=${SLOW}:when=${SYNCS + 1}`)];
    await using leafd = place.start("run", [], { wrapper, env: { UV_THREADPOOL_SIZE: "1" } });
    await leafd.next("published");
    await renew(leafd, service);
    await halfWritten(place, service);
    replace(place.live(service), leafd);
    const failed = await leafd.next("rotation_failed");
    findings.equal([failed["stage"], failed.reason], ["store", "target_replaced"], service);
    const published = await leafd.next("published");
    const pair = readPair(seenBy(leafd.pid, place.live(service)));
    findings.equal([pair.serial, pair.whole], [published.serial, true], `${service}: the pair that is visible`);
    findings.equal((await pki.issued()) - before, 2, `${service}: certificates`);
    times.push(`${service}_s=${((Date.parse(published.time) - Date.parse(failed.time)) / 1000).toFixed(1)}`);
    await leafd.stop();
  }
  return findings.outcome(`${times.join(" ")} issuance=1`);
}

/** Resolves when a second generation is there and not yet visible. */
async function halfWritten(place: LeafdPlace, service: string): Promise<void> {
  const live = place.live(service);
  const { generation } = readPair(live);
  const isNew = (name: string) => name.startsWith("..gen-") && name > generation;
  await waitFor(() => readdirSync(live).some(isNew), { what: "the commit", every: 1 });
}

export const REPLACED_ROWS: readonly FaultRow[] = [
  {
    id: 51,
    fault: "output directory removed and re-created, or mounted over, during a commit",
    expected: "noticed, written again",
    run: runReplaced,
  },
];
