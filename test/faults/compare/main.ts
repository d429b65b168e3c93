import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { inMountRoom, repeatInMountRoom } from "../../support/mount-room.ts";
import { startOpenBao } from "../../support/openbao-server.ts";
import type { TestVault } from "../../support/test-vault.ts";
import { benchFor, type ComparedRow, seconds } from "./bench.ts";
import { baoAgent, consulTemplate } from "./go-tools.ts";
import { leafdTool } from "./leafd-tool.ts";
import { comparisonPage, type Measured } from "./page.ts";
import { CRASH_ROW, OWED_RELOAD_ROW } from "./rows/crash.ts";
import { DEAF_DEPENDENT_ROW } from "./rows/deaf-dependent.ts";
import { FULL_DISK_ROW, REFUSED_TARGET_ROW } from "./rows/disk.ts";
import { OUTAGE_ROW } from "./rows/outage.ts";
import { OUTSIDER_ROW } from "./rows/outsider.ts";
import { READERS_ROW } from "./rows/readers.ts";
import type { Layout, Tool } from "./tool.ts";

/*
 * `npm run test:compare [-- ROW|TOOL …]`: puts leafd, `bao agent` and consul-template through the same faults and prints
 * one line for each row, tool and layout: `id tool:layout figure (seconds)`. A run of everything writes docs/comparison.md.
 * Needs root (it mounts, in a namespace of its own) and strace; consul-template is left out where there is no Go.
 */

const ROWS: readonly ComparedRow[] = [
  OUTAGE_ROW,
  FULL_DISK_ROW,
  REFUSED_TARGET_ROW,
  CRASH_ROW,
  OUTSIDER_ROW,
  READERS_ROW,
  DEAF_DEPENDENT_ROW,
  OWED_RELOAD_ROW,
];

if (process.getuid?.() !== 0) throw new Error("the comparison mounts full and read-only file systems: run it as root");
if (!inMountRoom) process.exit(repeatInMountRoom(import.meta.filename, process.argv.slice(2)));

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const tools = [leafdTool(), await baoAgent(), await consulTemplate()].filter((tool) => tool !== undefined);
const rows = chosen(ROWS, ({ id }) => String(id));
const chosenTools = chosen(tools, ({ name }) => name);
const measured: Measured[] = [];
const load = () => (loadavg()[0] ?? 0).toFixed(0);
const before = load();
{
  await using vault = await startOpenBao();
  for (const row of rows) await measureRow(vault, row);
}
const failed = measured.filter(({ failure }) => failure !== undefined);
console.log(`${measured.length - failed.length} measured, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
if (wanted.length === 0) {
  const machine = `${availableParallelism()} cores (load ${before} before, ${load()} after)`;
  const page = join(import.meta.dirname, "../../../docs/comparison.md");
  writeFileSync(page, comparisonPage({ tools, rows: ROWS, measured, machine }));
}

/** Those that the arguments name; all when they name none of them. */
function chosen<T>(all: readonly T[], nameOf: (each: T) => string): readonly T[] {
  const some = all.filter((each) => wanted.includes(nameOf(each)));
  return some.length === 0 ? all : some;
}

/** Every tool and layout once, as many at a time as the row allows. */
async function measureRow(vault: TestVault, row: ComparedRow): Promise<void> {
  const waiting = row.layouts.flatMap((layout) => chosenTools.map((tool) => ({ tool, layout })));
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await measureOne(vault, row, next);
      measured.push(result);
      const { tool, layout, figure, failure, took } = result;
      console.log(`${row.id} ${tool.name}:${layout} ${failure ?? figure} (${seconds(took)} s)`);
    }
  };
  await Promise.all(Array.from({ length: row.together }, work));
}

async function measureOne(
  vault: TestVault,
  row: ComparedRow,
  { tool, layout }: { tool: Tool; layout: Layout },
): Promise<Measured> {
  const began = Date.now();
  const done = { row, tool, layout };
  try {
    await using bench = benchFor(vault, tool, layout);
    const figure = await row.measure(bench);
    return { ...done, figure, took: Date.now() - began };
  } catch (error) {
    const failure = `FAILED: ${error instanceof Error ? error.message : String(error)}`;
    return { ...done, figure: "not measured", failure, took: Date.now() - began };
  }
}
