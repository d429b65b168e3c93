import type { LoadedConfig } from "../config/load.ts";

/** Something `check` has to say. */
export interface Remark {
  /** `skipped` was not looked at: the hint says how it can be. */
  readonly severity: "ok" | "skipped" | "warning" | "error";
  /** What was looked at. */
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
  /** The setting to correct. */
  readonly path?: readonly (string | number)[];
}

/** A remark with the line of the configuration that it is about. */
interface Placed {
  readonly severity: Remark["severity"];
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly setting?: string;
}

/** Finds the line of each remark that names a setting. */
export function place(remarks: readonly Remark[], config: LoadedConfig): readonly Placed[] {
  return remarks.map(({ path, ...remark }) => {
    if (path === undefined) return remark;
    const { file, line, column, path: setting } = config.locate({ path, at: "key", message: remark.message });
    return { ...remark, file, line, column, setting };
  });
}

/** One line a remark, its place first where it has one, the hint below it. */
export function renderRemarks(remarks: readonly Placed[]): string {
  return remarks
    .map((remark) => `${remark.severity.padEnd(8)}${where(remark)}${remark.message}${hintOf(remark)}\n`)
    .join("");
}

function where({ subject, file, line, column, setting }: Placed): string {
  return file === undefined ? `${subject}: ` : `${file}:${line}:${column}: ${setting}: `;
}

function hintOf({ hint }: Placed): string {
  return hint === undefined ? "" : `\n${" ".repeat(8)}${hint}`;
}
