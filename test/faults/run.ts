import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { runWhereOthersMayRead } from "../support/open-checkout.ts";
import { findOpenBao, serverName } from "../support/openbao-binary.ts";
import { CARD } from "./card.ts";
import { type RowResult, resultLine, summaryLine, writeReport } from "./report.ts";
import type { FaultRow, Outcome, Scene } from "./row.ts";

/*
 * `npm run test:faults [-- ROW…] [--full] [--again] [--write]`: runs the fault scorecard, all rows or those with these numbers, one
 * after the other, since their figures are timings. Prints one line a row and ends with `N passed, N failed, N deferred`.
 * A run of all rows writes docs/reliability.md; `--write` does so for a part. `--full`: long rows in full length.
 * `--again`: a row that failed is run once more, since its figures are timings on a machine that has other things to do;
 * its line then says so.
 */

const REPOSITORY = resolve(import.meta.dirname, "../..");
const PAGE = join(REPOSITORY, "docs/reliability.md");

/** A row that takes longer is hanging. */
const ROW_TIMEOUT = 2 * 60_000;

const { values, positionals } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    again: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const elsewhere = runWhereOthersMayRead(REPOSITORY);
if (elsewhere !== undefined) process.exit(elsewhere);

const binary = await findOpenBao((line) => console.error(line));
// The embedded Vault never counts for a row that a real server can show.
if (binary === undefined) throw new Error("there is no OpenBao binary: the figures must come from a real server");
process.env["LEAFD_TEST_BAO"] = binary;

const rows = selectRows(positionals);
const results: RowResult[] = [];
for (const row of rows) {
  const result = await runRow(row);
  results.push(result);
  console.log(resultLine(result));
}
console.log(summaryLine(results));
if (values.write || positionals.length === 0) writeReport(PAGE, results, await serverName(binary));
// What a row left behind must not keep the run from ending.
process.exit(results.some(({ outcome }) => outcome.verdict === "fail") ? 1 : 0);

function selectRows(wanted: readonly string[]): readonly FaultRow[] {
  const unknown = wanted.filter((id) => !CARD.some((row) => String(row.id) === id));
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(", ")}`);
  return wanted.length === 0 ? CARD : CARD.filter((row) => wanted.includes(String(row.id)));
}

async function runRow(row: FaultRow): Promise<RowResult> {
  const first = await timed(row);
  if (!values.again || first.outcome.verdict !== "fail") return first;
  console.error(`# ${resultLine(first)}`);
  const { outcome, seconds } = await timed(row);
  return { row, outcome: { ...outcome, figure: `second run: ${outcome.figure}` }, seconds };
}

async function timed(row: FaultRow): Promise<RowResult> {
  const began = performance.now();
  const outcome = await outcomeOf(row);
  return { row, outcome, seconds: (performance.now() - began) / 1000 };
}

/** What a row throws is a fail; so is one that does not end. */
async function outcomeOf(row: FaultRow): Promise<Outcome> {
  const resources = new AsyncDisposableStack();
  const timer = new AbortController();
  const note = (line: string): void => console.error(`# ${row.id}: ${line}`);
  const scene: Scene = { resources, note, full: values.full };
  const overdue = async (): Promise<Outcome> => {
    await delay(values.full ? 10 * ROW_TIMEOUT : ROW_TIMEOUT, undefined, { signal: timer.signal, ref: false });
    return { verdict: "fail", figure: "it did not end" };
  };
  try {
    return await Promise.race([row.run(scene), overdue()]);
  } catch (thrown) {
    return { verdict: "fail", figure: "it broke off", problems: [textOf(thrown)] };
  } finally {
    timer.abort();
    await resources.disposeAsync().catch((thrown: unknown) => note(`the clean-up failed: ${textOf(thrown)}`));
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
