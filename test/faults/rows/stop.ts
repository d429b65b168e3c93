import { writeFileSync } from "node:fs";
import { NOTE_RELOAD, notedReloads } from "../../support/kill-drills.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { readPair } from "../../support/published-pair.ts";
import { halfWritten, slowSecondCommit } from "../../support/slow-commit.ts";
import { type DaemonScene, daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** What an orderly stop may take, in seconds. */
const STOPS_WITHIN = 5;

async function runStops(scene: Scene): Promise<Outcome> {
  const findings = new Findings();
  const daemon = await daemonScene(scene);
  const { place } = daemon;
  await place.configure({ web: {} });
  await place.run("once");
  const watched = await daemon.watch("web");
  const issue = await stopInIssue(daemon, findings);
  const commit = await stopInCommit(daemon, findings);
  const reload = await stopInReload(daemon, findings);
  const phases = { issue, commit, reload };
  // Two of `web`, one of them lost with its answer; two of `slow`; one of `told`.
  await watched.end(findings, { leafds: Object.values(phases).map(({ leafd }) => leafd), budget: 5 });
  const figures = Object.entries(phases).map(([phase, { seconds }]) => {
    findings.expect(seconds <= STOPS_WITHIN, `mid-${phase}: it took ${seconds} s`);
    return `${phase}_s=${seconds.toFixed(1)}`;
  });
  return findings.outcome(figures.join(" "));
}

interface Stopped {
  readonly leafd: LeafdProcess;
  readonly seconds: number;
}

/** SIGTERM, to the end. */
async function terminate(leafd: LeafdProcess, findings: Findings): Promise<Stopped> {
  const began = performance.now();
  const { code } = await leafd.stop();
  findings.equal(code, 0, "exit code");
  return { leafd, seconds: (performance.now() - began) / 1000 };
}

async function stopInIssue({ place, front }: DaemonScene, findings: Findings): Promise<Stopped> {
  await using leafd = place.start("run");
  await leafd.next("recovered");
  const { generation } = readPair(place.live("web"));
  const answer = front.holdNext();
  await renew(place, leafd, "web");
  await answer.signed;
  const stopped = await terminate(leafd, findings);
  answer.release();
  findings.equal(readPair(place.live("web")).generation, generation, "the pair after a stop in the issuance");
  return stopped;
}

async function stopInCommit({ place }: DaemonScene, findings: Findings): Promise<Stopped> {
  const directory = place.live("slow");
  await place.configure({ slow: {} });
  await using leafd = place.start("run", [], slowSecondCommit(1000));
  await leafd.next("published");
  const { generation } = readPair(directory);
  await renew(place, leafd, "slow");
  await halfWritten(directory);
  const stopped = await terminate(leafd, findings);
  const pair = readPair(directory);
  const finished = leafd.seen("published").length === 2;
  findings.expect(pair.whole && (pair.generation !== generation) === finished, "after a stop in the commit");
  return stopped;
}

/** The reload that a stop has interrupted is owed, and the next start pays it. */
async function stopInReload({ place }: DaemonScene, findings: Findings): Promise<Stopped> {
  const [told, gate] = [place.dir.join("told"), place.dir.join("gate")];
  await place.configure({ told: { reload: [{ exec: { command: [NOTE_RELOAD, told, gate] } }] } });
  await using leafd = place.start("run");
  await leafd.next("reload_started");
  const stopped = await terminate(leafd, findings);
  findings.equal(notedReloads(place), [], "reloads before the stop");
  writeFileSync(gate, "");
  await using next = place.start("run");
  findings.equal((await next.next("recovered"))["reloadOwed"], true, "the interrupted reload is owed");
  await next.next("delivered");
  findings.equal(notedReloads(place), ["reload_owed"], "reloads after the next start");
  return stopped;
}

export const STOP_ROWS: readonly FaultRow[] = [
  {
    id: 40,
    fault: "SIGTERM mid-issue, mid-commit, mid-reload",
    expected: "finishes or leaves the old, ≤ 5 s",
    run: runStops,
  },
];
