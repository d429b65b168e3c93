import { writeFileSync } from "node:fs";
import { INVARIANTS, type InvariantCounts } from "./invariants.ts";
import type { FaultRow, Outcome } from "./row.ts";

/** A row that ran, and how. */
export interface RowResult {
  readonly row: FaultRow;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** `12 pass logins=3 certificates=0 (8.1 s)`, and below it what went wrong. */
export function resultLine({ row, outcome, seconds }: RowResult): string {
  const { verdict, figure, problems = [] } = outcome;
  const line = `${row.id} ${verdict} ${figure} (${seconds.toFixed(1)} s)`;
  return [line, ...problems.map((problem) => `    ${problem}`)].join("\n");
}

/** `N passed, N failed, N deferred` */
export function summaryLine(results: readonly RowResult[]): string {
  const count = (verdict: Outcome["verdict"]) => results.filter(({ outcome }) => outcome.verdict === verdict).length;
  return `${count("pass")} passed, ${count("fail")} failed, ${count("deferred")} deferred`;
}

const INTRODUCTION = `# Reliability

The fault scorecard: each row injects a fault into the real thing (OpenBao, processes, file systems, a proxy that spoils
connections) and measures what leafd does. Written by \`npm run test:faults\`; do not edit.

During a row a reader samples each output directory about a thousand times a second. The columns I1–I5 count violations:
I1 torn, empty or missing reads by a reader that resolves \`..data\` once · I2 pairs that do not parse or match · I3
secrets found in log, output, metrics and status · I4 certificates beyond the budget, counted on the server · I5 good
pairs replaced by worse ones. A dash: not watched in this row.
`;

/** Writes the whole card as a page. \`server\`: what it ran against, such as \`OpenBao 2.7.2\`. */
export function writeReport(path: string, results: readonly RowResult[], server: string): void {
  const head = ["", "fault", "expected", "verdict", "figure", ...INVARIANTS, "s"];
  const rows = results.map(({ row, outcome, seconds }) => [
    String(row.id),
    row.fault,
    row.expected,
    outcome.verdict,
    outcome.figure,
    ...countsOf(outcome.invariants),
    seconds.toFixed(1),
  ]);
  const table = [head, head.map(() => "---"), ...rows].map(tableLine);
  writeFileSync(path, `${INTRODUCTION}\n${summaryLine(results)}, against ${server}.\n\n${table.join("\n")}\n`);
}

function countsOf(counts: InvariantCounts | undefined): string[] {
  return INVARIANTS.map((invariant) => (counts === undefined ? "–" : String(counts[invariant])));
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}
