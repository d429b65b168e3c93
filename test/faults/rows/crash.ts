import { writeFileSync } from "node:fs";
import { CRASH_SCENARIOS, crashEverywhere } from "../../support/crash-points.ts";
import {
  killAtRandom,
  killBeforeReload,
  mostCertificates,
  NOTE_RELOAD,
  notedReloads,
} from "../../support/kill-drills.ts";
import { memoryRoom } from "../../support/memory-room.ts";
import { readPair } from "../../support/published-pair.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

async function runCrashPoints({ note }: Scene): Promise<Outcome> {
  let points = 0;
  for (const scenario of CRASH_SCENARIOS) {
    const crashes = await crashEverywhere(scenario);
    note(`${scenario.what}: ${crashes}`);
    points += crashes;
  }
  return new Findings().outcome(`points=${points} violations=0`);
}

/** Killed before the reload, during it, and not at all: what is owed is paid, and only that. */
async function runOwedReloads(scene: Scene): Promise<Outcome> {
  const { pki, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await place.configure({ web: { reload: [{ exec: { command: [NOTE_RELOAD, place.dir.join("told")] } }] } });
  const certificates = await killBeforeReload(place);
  const watched = await watch("web");
  await using second = place.start("run");
  findings.equal((await second.next("recovered"))["reloadOwed"], true, "owed after the first kill");
  await second.next("delivered");
  await second.stop("SIGKILL");
  const afterCommit = notedReloads(place);
  findings.equal(afterCommit, ["reload_owed"], "reloads after a kill between commit and reload");

  const gate = place.dir.join("gate");
  await place.configure({ web: { reload: [{ exec: { command: [NOTE_RELOAD, place.dir.join("during"), gate] } }] } });
  await using third = place.start("run");
  await third.next("reload_started");
  await third.stop("SIGKILL");
  writeFileSync(gate, "");
  await using last = place.start("run");
  await last.next("delivered");
  await last.stop();
  const during = notedReloads(place, "during");
  findings.expect(during.length >= 1 && during.length <= 2, `${during.length} reloads after a kill during one`);
  findings.expect(during.includes("reload_owed"), "the interrupted reload was repeated");
  findings.equal(await pki.issued(), certificates, "certificates");
  await watched.end(findings, { leafds: [second, third, last], budget: certificates });
  return findings.outcome(`reloads=${afterCommit.length}/${during.length}`);
}

/** A cgroup of 64 MiB, as a small container has it. */
const SMALL = 64 * 2 ** 20;

async function runOutOfMemory(scene: Scene): Promise<Outcome> {
  const room = await memoryRoom(SMALL);
  if (room === undefined) return { verdict: "deferred", figure: "no memory cgroup can be made here" };
  scene.resources.use(room);
  const { pki, place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await place.configure({ web: {} });
  await using first = place.start("run", [], { wrapper: room.wrapper });
  await first.next("published");
  const watched = await watch("web");
  const { serial } = readPair(place.live("web"));
  await room.exhaust();
  const end = await first.ended;
  findings.equal(end.signal, "SIGKILL", "what the kernel did to it");
  await using second = place.start("run", [], { wrapper: room.wrapper });
  const began = performance.now();
  const found = await second.next("recovered");
  const resumed = (performance.now() - began) / 1000;
  findings.equal(found.serial, serial, "the pair it resumed with");
  await watched.end(findings, { leafds: [first, second], budget: 1 });
  return findings.outcome(`resume_s=${resumed.toFixed(1)} certificates=${await pki.issued()}`);
}

/** By default 20 s under certificates of 8 s; in full 10 min under those of a minute. */
async function runRandomKills(scene: Scene): Promise<Outcome> {
  const [ttl, duration] = scene.full ? [60_000, 600_000] : [8_000, 20_000];
  const { pki, place, watch } = await daemonScene(scene, { ttl: `${ttl / 1000}s` });
  const findings = new Findings();
  await place.configure({ web: { renewAt: "50%", reload: [{ touch: place.dir.join("told") }] } });
  const began = Date.now();
  await using first = place.start("run");
  await first.next("published");
  const watched = await watch("web");
  await first.stop("SIGKILL");
  const { kills, lost } = await killAtRandom(place, duration);
  await using last = place.start("run");
  await last.next("recovered");
  const issued = await pki.issued();
  const budget = mostCertificates(ttl, Date.now() - began) + lost;
  const [seen] = await watched.end(findings, { leafds: [first, last], budget });
  const gaps = seen?.expired ?? 0;
  findings.equal(gaps, 0, "reads of a pair that had ended");
  findings.expect((seen?.generations.length ?? 0) >= 3, "it was hardly renewed");
  findings.expect(kills >= 5, `only ${kills} kills`);
  return findings.outcome(`gaps=${gaps} kills=${kills} issued=${issued} budget=${budget} reads=${seen?.reads}`);
}

export const CRASH_ROWS: readonly FaultRow[] = [
  {
    id: 23,
    fault: "SIGKILL at every syscall of a commit",
    expected: "recovery yields one complete generation",
    run: runCrashPoints,
  },
  {
    id: 33,
    fault: "leafd killed between commit and reload, and during the reload",
    expected: "the owed reload happens after the restart: exactly one, or at most two when killed during it",
    run: runOwedReloads,
  },
  {
    id: 44,
    fault: "out of memory at 64 MiB (a blocked event loop: npm run test:systemd)",
    expected: "killed, restarted, resumed from the manifest",
    run: runOutOfMemory,
  },
  {
    id: 45,
    fault: "SIGKILL of leafd at random under short TTLs",
    expected: "no gap, no torn read, issuance within the budget",
    run: runRandomKills,
  },
];
