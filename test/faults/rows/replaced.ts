import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { seenBy, withMounts } from "../../support/mount-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { halfWritten, slowSecondCommit } from "../../support/slow-commit.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** How long a commit stands still, in milliseconds. */
const PAUSE = 1500;

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
  const { pki, place } = await daemonScene(scene);
  const findings = new Findings();
  const times: string[] = [];
  for (const [service, replace] of Object.entries(REPLACEMENTS)) {
    const before = await pki.issued();
    await place.configure({ [service]: {} });
    const { wrapper = [], env = {} } = slowSecondCommit(PAUSE);
    await using leafd = place.start("run", [], { wrapper: [...withMounts(), ...wrapper], env });
    await leafd.next("published");
    await renew(place, leafd, service);
    await halfWritten(place.live(service));
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

export const REPLACED_ROWS: readonly FaultRow[] = [
  {
    id: 51,
    fault: "output directory removed and re-created, or mounted over, during a commit",
    expected: "noticed, written again",
    run: runReplaced,
  },
];
