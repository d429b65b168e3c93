import type { Settings } from "../domain/spec.ts";
import { readDocument } from "./document.ts";
import type { Environment } from "./interpolate.ts";
import { mend } from "./mend.ts";
import { mergeDocuments } from "./merge.ts";
import { isPlainMap, type PlainMap, valueAt } from "./plain.ts";
import { ConfigError, type Finding, MOST_FINDINGS, type Path, type Problem } from "./report.ts";
import { parseShape } from "./schema.ts";
import { toSettings } from "./settings.ts";
import { shapeProblems } from "./shape-problems.ts";
import { hashSources, readSources, type Source } from "./sources.ts";
import { type Warning, warningsOf } from "./warnings.ts";

/** What leafd runs by. */
export interface LoadedConfig {
  readonly settings: Settings;
  /** Of the bytes of all files (sources.ts), lower-case hex. */
  readonly hash: string;
}

/** The same beside its files. It holds all that was read of them, 2 to 3 kB a service: look at it, and let it go. */
export interface ExaminedConfig extends LoadedConfig {
  /** The files that were read: the main one, then the drop-ins by name. */
  readonly files: readonly string[];
  /** What is allowed and not wise. */
  readonly warnings: readonly (Finding & Pick<Warning, "code">)[];
  /** Where a setting stands, or the nearest one above it that is written down: for problems that only use shows. */
  readonly locate: (problem: Problem) => Finding;
  /** Whether the files have this setting: what they have not stems from `defaults`, or from leafd. */
  readonly states: (path: Path) => boolean;
}

interface LoadOptions {
  /** The main file; its drop-ins are `services.d/*.yaml` beside it. */
  readonly file: string;
  readonly env: Environment;
}

/** Reads and checks the configuration. Rejects with a ConfigError that holds everything that is wrong with it. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { settings, hash } = await examineConfig(options);
  return { settings, hash };
}

/** As `loadConfig`, for whoever has more to say of it. */
export async function examineConfig({ file, env }: LoadOptions): Promise<ExaminedConfig> {
  return parseConfig(await readSources(file), env);
}

/** The configuration in these files: the main one first, then the drop-ins. Throws a ConfigError. */
export function parseConfig(sources: readonly Source[], env: Environment): ExaminedConfig {
  const documents = sources.flatMap(({ file, text }) => (text === undefined ? [] : [readDocument(file, text, env)]));
  const unread = sources.flatMap(({ file, problem, hint }) =>
    problem === undefined
      ? []
      : [{ file, line: 0, column: 0, path: "", message: problem, ...(hint === undefined ? {} : { hint }) }],
  );
  const findings = [...unread, ...documents.flatMap((document) => document.findings)];
  const files = sources.map(({ file }) => file);
  const [main, ...dropIns] = documents;
  // What did not parse says nothing about the rest; what parsed may still hold errors of a single value.
  if (main === undefined || unread.length > 0 || documents.some(({ value }) => value === undefined))
    throw new ConfigError(inOrder(findings, files));

  const merged = mergeDocuments(main, dropIns);
  findings.push(...merged.findings);
  if (!isPlainMap(main.value)) throw new ConfigError(inOrder(findings, files));
  const { settings, problems, warnings = [] } = judge(merged.value);
  const unresolved = new Set(findings.map(({ file, path }) => `${file} ${path}`));
  findings.push(
    ...problems.map((problem) => merged.locate(problem)).filter(({ file, path }) => !unresolved.has(`${file} ${path}`)),
  );
  if (settings === undefined || findings.length > 0) throw new ConfigError(inOrder(findings, files));
  return {
    settings,
    hash: hashSources(sources),
    files,
    warnings: warnings.map((problem) => ({ ...merged.locate(problem), code: problem.code })),
    locate: (problem) => merged.locate(problem),
    states: (path) => valueAt(merged.value, path) !== undefined,
  };
}

interface Judged {
  readonly problems: readonly Problem[];
  /** Absent when the shape is wrong; worth nothing when there are problems. */
  readonly settings?: Settings;
  readonly warnings?: readonly Warning[];
}

/** Shape first, then what must hold between keys: also when the shape is wrong, for the part that is right. */
function judge(value: PlainMap): Judged {
  const shaped = parseShape(value);
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.length < MOST_FINDINGS && problems.push(problem);
  if ("config" in shaped) {
    const settings = toSettings(shaped.config, report);
    return { problems, settings, warnings: warningsOf(shaped.config) };
  }
  const misshapen = shapeProblems(shaped.issues, value);
  const mended = misshapen.length < MOST_FINDINGS ? mend(value, misshapen) : undefined;
  if (mended !== undefined) toSettings(mended.config, (problem) => !mended.isOurs(problem) && report(problem));
  return { problems: [...misshapen, ...problems] };
}

/** In the order of the files and lines; a problem of a shared value is said once. */
function inOrder(findings: readonly Finding[], files: readonly string[]): Finding[] {
  const distinct = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.file}:${finding.line}:${finding.column} ${finding.message}`;
    if (!distinct.has(key)) distinct.set(key, finding);
  }
  return [...distinct.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
