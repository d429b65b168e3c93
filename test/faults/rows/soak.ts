import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import { leafdPlace } from "../../support/leafd-place.ts";
import { startOpenBao } from "../../support/openbao-server.ts";
import { setUpPki } from "../../support/pki-setup.ts";
import { waitFor } from "../../support/wait-for.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** Services that are renewed every second or two, as fast as a machine of two cores can. */
const SERVICES = 120;
const SHORT = 2500;
const FULL = 100_000;

/** A heap that is tidied soon shows early what it does not let go of. */
const SMALL_HEAP = { NODE_OPTIONS: "--max-old-space-size=128 --max-semi-space-size=2" };

/** What may be there more at the end than after the first quarter, for the noise: KiB, descriptors, series. */
const GROWTH = { rss: 24 * 1024, fds: 8, series: 0 } as const;

interface Sample {
  readonly rotations: number;
  readonly failures: number;
  /** Resident memory, in KiB. */
  readonly rss: number;
  /** Open descriptors. */
  readonly fds: number;
  /** Lines of the metrics. */
  readonly series: number;
}

async function runSoak(scene: Scene): Promise<Outcome> {
  const findings = new Findings();
  const vault = scene.resources.use(await startOpenBao());
  // Not stored: the server is to stay as it is.
  const pki = await setUpPki(vault, { roleSettings: { ttl: "8s", no_store: true } });
  const place = scene.resources.use(await leafdPlace({ vault, pki }));
  const port = await freePort();
  const service = { renewAt: "20%", reload: [{ touch: place.dir.join("told") }] };
  const services = Object.fromEntries(Array.from({ length: SERVICES }, (_, at) => [`s${at}`, service]));
  const observe = { listen: `127.0.0.1:${port}` };
  await place.configure(services, { observe, log: { level: "warn" } });
  await using leafd = place.start("run", [], { env: SMALL_HEAP });
  await waitFor(() => fetch(`http://127.0.0.1:${port}/livez`), { what: "leafd" });
  const target = scene.full ? FULL : SHORT;
  const samples: Sample[] = [];
  const last = () => samples.at(-1)?.rotations ?? 0;
  for (; last() < target; await delay(500)) samples.push(await sample(leafd.pid, port));
  const settled = samples.filter(({ rotations }) => rotations >= target / 4);
  const thirds = Math.floor(settled.length / 3);
  const [early, late] = [settled.slice(0, thirds), settled.slice(-thirds)];
  findings.expect(thirds >= 3, `only ${settled.length} samples`);
  const slopes = (["rss", "fds", "series"] as const).map((what) => {
    const grown = median(late.map((each) => each[what])) - median(early.map((each) => each[what]));
    findings.expect(grown <= GROWTH[what], `${what} grew by ${grown}`);
    return `${what}${grown < 0 ? "" : "+"}${grown}`;
  });
  const end = samples.at(-1);
  findings.equal(end?.failures, 0, "failed rotations");
  return findings.outcome(`rotations=${end?.rotations} ${slopes.join(" ")} rss_KiB=${end?.rss} fds=${end?.fds}`);
}

async function sample(pid: number, port: number): Promise<Sample> {
  const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
  const lines = (await reply.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const sum = (name: string) =>
    lines.filter((line) => line.startsWith(name)).reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
  return {
    rotations: sum("leafd_publications_total"),
    failures: sum("leafd_rotation_failures_total"),
    rss: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]),
    fds: readdirSync(`/proc/${pid}/fd`).length,
    series: lines.length,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export const SOAK_ROWS: readonly FaultRow[] = [
  {
    id: 37,
    fault: `soak of 100,000 rotations (${SHORT.toLocaleString("en")} when shortened)`,
    expected: "flat memory, descriptors, series",
    run: runSoak,
  },
];
