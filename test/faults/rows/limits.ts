import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { waitFor } from "../../support/wait-for.ts";
import { WITHOUT_INOTIFY } from "../../support/without-inotify.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** A change of the configuration is looked for this often without events, in seconds, and a little for the load. */
const SEEN_WITHIN = 32;

async function runWithout(scene: Scene): Promise<Outcome> {
  const findings = new Findings();
  const [blind_s, descriptors_s] = await Promise.all([
    withoutInotify(scene, findings),
    withoutDescriptors(scene, findings),
  ]);
  return findings.outcome(`poll_s=${blind_s.toFixed(0)} descriptors_s=${descriptors_s.toFixed(1)}`);
}

/** Answers the seconds after which a change was seen. */
async function withoutInotify(scene: Scene, findings: Findings): Promise<number> {
  const { place } = await daemonScene(scene);
  await place.configure({ web: {} });
  await using leafd = place.start("run", [], { wrapper: WITHOUT_INOTIFY });
  const warning = await leafd.next("warning");
  await leafd.each("published", "web");
  findings.expect(warning.msg.includes("cannot be watched") && warning.hint !== undefined, `warned: ${warning.msg}`);
  // The watch that failed is followed by a look of its own.
  await waitFor(() => Date.now() > Date.parse(warning.time) + 2000, { what: "the poll alone to be left" });
  await place.configure({ web: {}, api: {} });
  const changed = Date.now();
  // Half of the patience of `next` may be the poll.
  while (leafd.seen("published", "api").length === 0) await leafd.next("published").catch(rethrowAfter(changed));
  const seconds = (Date.parse(leafd.seen("published", "api")[0]?.time ?? "") - changed) / 1000;
  findings.expect(seconds <= SEEN_WITHIN, `the change was seen after ${seconds} s`);
  return seconds;
}

function rethrowAfter(since: number): (thrown: unknown) => void {
  return (thrown) => {
    if (Date.now() - since > 1000 * SEEN_WITHIN) throw thrown;
  };
}

/** Answers the seconds from the return of the descriptors to the new pair. */
async function withoutDescriptors(scene: Scene, findings: Findings): Promise<number> {
  const { place, watch } = await daemonScene(scene, { ttl: "20s" });
  await place.configure({ web: { renewAt: "40%" } });
  await using leafd = place.start("run");
  await leafd.next("published");
  const watched = await watch("web");
  const limit = (count: number | string) => execFileSync("prlimit", [`--pid=${leafd.pid}`, `--nofile=${count}:`]);
  // New descriptors take the lowest free number, and one above the limit cannot be had.
  limit(lowestFree(leafd.pid));
  const failed = await leafd.next("rotation_failed");
  findings.equal(failed.reason, "io_error", "without descriptors");
  findings.expect(failed.hint?.includes("LimitNOFILE") === true, `hint: ${failed.hint}`);
  limit(1024);
  const lifted = Date.now();
  const published = await leafd.next("published");
  await watched.end(findings, { leafds: [leafd], budget: leafd.seen("published").length });
  return (Date.parse(published.time) - lifted) / 1000;
}

function lowestFree(pid: number): number {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  for (let fd = 0; ; fd++) if (!taken.has(fd)) return fd;
}

export const LIMIT_ROWS: readonly FaultRow[] = [
  {
    id: 50,
    fault: "inotify instances or descriptors exhausted",
    expected: "polling carries on, a warning",
    run: runWithout,
  },
];
