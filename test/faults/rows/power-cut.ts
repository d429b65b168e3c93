import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertRecovers, assertWhole } from "../../support/crash-points.ts";
import { describe, FragileDisk, plant, type Tree } from "../../support/power-cut.ts";
import { runStore } from "../../support/run-store.ts";
import { type Operation, readTrace, traceInto } from "../../support/syscall-trace.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

interface Scenario {
  readonly what: string;
  /** Commits, each with its tag; the power is cut during the last one. */
  readonly tags: readonly string[];
  /** The tags that may be visible after it; undefined: nothing. */
  readonly visible: readonly (string | undefined)[];
}

const SCENARIOS: readonly Scenario[] = [
  { what: "first commit", tags: ["new"], visible: [undefined, "new"] },
  { what: "renewal", tags: ["old", "new"], visible: ["old", "new"] },
];

/** States that are tried at each point of a commit, spread over all that there are. */
const SAMPLE = 80;
const FULL_SAMPLE = 5000;

async function runPowerCut(scene: Scene): Promise<Outcome> {
  const findings = new Findings();
  const place = await memoryPlace();
  scene.resources.defer(() => rmSync(place.path, { recursive: true, force: true }));
  const figures: string[] = [];
  for (const scenario of SCENARIOS) {
    const commits = await traceCommits(scenario.tags);
    const cut = { scenario, place, sample: scene.full ? FULL_SAMPLE : SAMPLE };
    const { states, of, violations } = await cutEverywhere(commits, cut);
    for (const violation of violations.slice(0, 5)) findings.expect(false, `${scenario.what}: ${violation}`);
    figures.push(`${scenario.what.replace(" ", "_")}: states=${states} of=${of} violations=${violations.length}`);
    // The model must find what a commit would lose that does not sync its files, or its directories.
    for (const isLeftOut of [isFileSync, isDirectorySync]) {
      const careless = commits.map((commit) => commit.filter((operation) => !isLeftOut(operation)));
      const control = await cutEverywhere(careless, { ...cut, sample: SAMPLE / 2 });
      const [first = "none"] = control.violations;
      scene.note(`${scenario.what} without ${isLeftOut.name}: ${control.violations.length} violations, ${first}`);
      findings.expect(control.violations.length > 0, `${scenario.what}: ${isLeftOut.name} is not needed`);
    }
  }
  return findings.outcome(figures.join(", "));
}

/** The operations of each commit, as strace saw them on a real disk. */
async function traceCommits(tags: readonly string[]): Promise<readonly (readonly Operation[])[]> {
  await using dir = await tempDir();
  await using traces = await tempDir();
  const commits: (readonly Operation[])[] = [];
  for (const tag of tags) {
    const file = traces.join(tag);
    const said = await runStore({ directory: dir.join("live"), action: "commit", tag }, { strace: traceInto(file) });
    if (said?.ok !== true) throw new Error(`the commit that is traced failed: ${said?.message}`);
    commits.push(readTrace(await readFile(file, "utf8"), dir.path).map((operation) => moved(operation, dir.path)));
  }
  return commits;
}

/** The same operation below `/`. */
function moved(operation: Operation, from: string): Operation {
  const cut = (path: string) => path.slice(from.length);
  if (operation.kind === "rename") return { ...operation, from: cut(operation.from), to: cut(operation.to) };
  return { ...operation, path: cut(operation.path) };
}

const isFileSync = ({ kind, ...operation }: Operation): boolean =>
  kind === "sync" && "path" in operation && /\.(?:crt|key|json)$/.test(operation.path);

const isDirectorySync = (operation: Operation): boolean => operation.kind === "sync" && !isFileSync(operation);

interface Cut {
  readonly scenario: Scenario;
  readonly place: Pick<TempDir, "path" | "join">;
  readonly sample: number;
}

interface Left {
  /** That were tried, and that there are. */
  readonly states: number;
  readonly of: number;
  readonly violations: readonly string[];
}

/** Cuts the power before and after each operation of the last commit. */
async function cutEverywhere(commits: readonly (readonly Operation[])[], cut: Cut): Promise<Left> {
  const disk = new FragileDisk("/");
  for (const commit of commits.slice(0, -1)) for (const operation of commit) disk.apply(operation);
  disk.settle();
  const tried = new Set<string>();
  const violations: string[] = [];
  let of = 0;
  for (const operation of commits.at(-1) ?? []) {
    disk.apply(operation);
    of += disk.states;
    for (const index of spread(disk.states, cut.sample)) {
      const tree = disk.state(index);
      const text = describe(tree);
      if (tried.has(text)) continue;
      tried.add(text);
      const violation = await violationOf(tree, cut);
      if (violation !== undefined) violations.push(`after ${operation.kind}: ${violation}`);
    }
  }
  return { states: tried.size, of, violations };
}

/** Up to `most` different numbers below `total`, the first and the last among them. */
function spread(total: number, most: number): ReadonlySet<number> {
  if (total <= most) return new Set(Array.from({ length: total }, (_, at) => at));
  // Steps of the golden ratio fall into every part of every range.
  const golden = Array.from({ length: most }, (_, at) => Math.floor(total * ((at * 0.618_033_988_75) % 1)));
  return new Set([...golden, total - 1]);
}

/** What does not hold after the power has come back to this. */
async function violationOf(tree: Tree, { scenario, place }: Cut): Promise<string | undefined> {
  rmSync(place.path, { recursive: true, force: true });
  mkdirSync(place.path);
  plant(tree, place.path);
  try {
    await assertWhole(place, scenario.visible, "power cut");
    await assertRecovers(place, "power cut");
    return undefined;
  } catch (thrown) {
    return (thrown instanceof Error ? thrown.message : String(thrown)).replaceAll(/\s+/g, " ");
  }
}

/** In memory, where there is room for it: thousands of states are made and thrown away. */
async function memoryPlace(): Promise<Cut["place"]> {
  const path = await mkdtemp("/dev/shm/leafd-test-").catch(() => mkdtemp(join(tmpdir(), "leafd-test-")));
  return { path, join: (...names) => join(path, ...names) };
}

export const POWER_CUT_ROWS: readonly FaultRow[] = [
  {
    id: 24,
    fault: "power cut: un-fsynced operations reordered",
    expected: "recovery yields one complete generation",
    run: runPowerCut,
  },
];
