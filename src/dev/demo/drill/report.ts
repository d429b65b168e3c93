import { type EpochMillis, formatDuration, type Millis, SECOND } from "../../../domain/units.ts";
import { aligned } from "../table.ts";

/** What became of one act. */
export interface ActReport {
  readonly name: string;
  /** What has been seen when all was as told. */
  readonly moral: string;
  readonly injectedAt?: EpochMillis;
  /** Since the injection. */
  readonly noticedAfter?: Millis;
  /** Since the cause was taken away; where leafd itself does that, since the injection. */
  readonly recoveredAfter?: Millis;
  /** Certificates that the services of the act were issued in it. */
  readonly certificates: number;
  /** What was not as told; empty when all was. */
  readonly wrong: readonly string[];
}

/** What a drill has seen when it ends. */
export interface DrillFacts {
  readonly elapsed: Millis;
  /** Acts that there are. */
  readonly planned: number;
  readonly acts: readonly ActReport[];
  readonly good: number;
  readonly failures: readonly string[];
  /** How leafd ended, when it did and nobody wanted that. */
  readonly leafdEnded?: string;
}

const HEADINGS = ["ACT", "INJECTED AT", "NOTICED AFTER", "RECOVERED AFTER", "CERTIFICATES", "VERDICT"];

/** The table of the acts and the verdict as lines; the exit code is 0 only when each act went as told and no handshake failed. */
export function drillReport(facts: DrillFacts): { readonly lines: readonly string[]; readonly exitCode: 0 | 1 } {
  const { acts, elapsed, good } = facts;
  const wrong = problems(facts);
  const lines = [
    ...aligned([HEADINGS, ...acts.map(cells)]),
    "",
    `${wrong.length === 0 ? "All as told" : "NOT as told"}, in ${formatDuration(elapsed)}; ${good} handshakes good, ${facts.failures.length} failed.`,
    ...wrong.map((problem) => `  WRONG  ${problem}`),
  ];
  return { lines, exitCode: wrong.length === 0 ? 0 : 1 };
}

/** The verdict on one act as one line. */
export function actVerdict(
  { certificates, moral, wrong }: ActReport,
  handshakes: Pick<DrillFacts, "good" | "failures">,
): string {
  const { good, failures } = handshakes;
  const isWell = wrong.length === 0 && failures.length === 0;
  const counts = `${certificates} certificates, ${good} handshakes, ${failures.length} failed`;
  return isWell ? `AS TOLD   ${moral} (${counts})` : `NOT AS TOLD  ${[...wrong, counts].join("; ")}`;
}

/** A length of time with a tenth of a second. */
export function inSeconds(duration: Millis): string {
  return `${(duration / SECOND).toFixed(1)}s`;
}

function cells({ name, injectedAt, noticedAfter, recoveredAfter, certificates, wrong }: ActReport): string[] {
  return [
    name,
    injectedAt === undefined ? "-" : new Date(injectedAt).toTimeString().slice(0, 8),
    noticedAfter === undefined ? "-" : inSeconds(noticedAfter),
    recoveredAfter === undefined ? "-" : inSeconds(recoveredAfter),
    String(certificates),
    wrong.length === 0 ? "as told" : "NOT as told",
  ];
}

function problems({ acts, planned, failures, leafdEnded }: DrillFacts): string[] {
  const missing = planned - acts.length;
  return [
    ...acts.flatMap(({ name, wrong }) => wrong.map((what) => `${name}: ${what}`)),
    ...(missing > 0 ? [`${missing} of ${planned} acts were not played`] : []),
    ...[...new Set(failures)].map((failure) => `handshake: ${failure}`),
    ...(leafdEnded === undefined ? [] : [`leafd ended by itself: ${leafdEnded}`]),
  ];
}
