import { LeafdError } from "../domain/errors.ts";

/** Where a value sits in the configuration: `["services", "payments", "reload", 0]`. */
export type Path = readonly (string | number)[];

/** Something wrong with the configuration, by its path; load.ts finds the file and the line. */
export interface Problem {
  readonly path: Path;
  /** Whether the caret points at the value or at its key. */
  readonly at: "key" | "value";
  /** What is wrong, of the path. Never quotes a value: it may be of the environment, and the caret shows the source. */
  readonly message: string;
  /** What to do, one sentence. */
  readonly hint?: string;
  /**
   * The maps in which something is missing, and the values that this one does not go with; when one of them has the
   * wrong shape, or a key is misspelt in it, that is said and not this.
   */
  readonly lacks?: readonly Path[];
}

/** A problem with its place in a file. */
export interface Finding {
  readonly file: string;
  /** From 1; 0 when the finding is about the file as a whole. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 when the finding is about the file as a whole. */
  readonly column: number;
  /** As people write it: `services.payments.reload[0].exec`; empty for syntax errors. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
  /** The source line, secrets masked; absent when the finding is about the file as a whole. */
  readonly source?: string;
}

/** A configuration with more errors than this is no configuration: the rest is not listed. */
export const MOST_FINDINGS = 100;

/** The configuration cannot be used. Reason `config_invalid`; carries all that is wrong with it, not only the first. */
export class ConfigError extends LeafdError {
  readonly findings: readonly Finding[];
  /** All findings, each with its source line and a caret; several lines of text, without a final newline. */
  readonly report: string;

  constructor(findings: readonly Finding[]) {
    const [first] = findings;
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
    const summary = first === undefined ? "the configuration is invalid" : `${headline(first)}${more}`;
    super("config_invalid", summary, first?.hint === undefined ? {} : { hint: first.hint });
    this.findings = findings;
    this.report = renderFindings(findings);
  }
}

/** Findings as a terminal shows them: `file:line:column: path: message`, the source line, a caret, the hint. */
export function renderFindings(findings: readonly Finding[]): string {
  return findings.map(renderFinding).join("\n");
}

function renderFinding(finding: Finding): string {
  const lines = [headline(finding)];
  if (finding.source !== undefined) {
    const { text, column } = crop(finding.source, finding.column);
    lines.push(`    ${text}`, `    ${" ".repeat(column - 1)}^`);
  }
  if (finding.hint !== undefined) lines.push(`    ${finding.hint}`);
  return lines.join("\n");
}

function headline({ file, line, column, path, message }: Finding): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return `${place}: ${path === "" ? "" : `${path}: `}${message}`;
}

const WIDEST = 120;

/** A long line is cut around the caret; tabs and control characters become one blank each, so that the caret fits. */
function crop(source: string, column: number): { readonly text: string; readonly column: number } {
  const clean = source.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
  const start = clean.length <= WIDEST ? 0 : Math.max(0, column - 1 - WIDEST / 2);
  const text = clean.slice(start, start + WIDEST).trimEnd();
  return { text: start > 0 ? `…${text}` : text, column: start > 0 ? column - start + 1 : column };
}

/** `services.payments.reload[0]` for `["services", "payments", "reload", 0]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${/^[\w.*-]{1,80}$/.test(part) ? part : JSON.stringify(part.slice(0, 80))}`;
  }
  return text;
}
