import type { ExaminedConfig } from "../../config/load.ts";
import { type ConfigError, type Finding, formatPath } from "../../config/report.ts";
import type { Complaint, Remark } from "../../domain/remark.ts";

/** What `check` says, with its place in the configuration; docs/check.md documents it as JSON. */
export interface PlacedRemark {
  readonly severity: Remark["severity"];
  /** Of all but `ok`. */
  readonly code?: Complaint["code"];
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
  /** From 1; 0 when it is about the file as a whole. */
  readonly line?: number;
  /** From 1; 0 when it is about the file as a whole. */
  readonly column?: number;
  /** As people write it: `services.web.reload[0].exec`. */
  readonly setting?: string;
}

/** What is unwise in a configuration, then what was found by looking around, each with its line where it has one. */
export function placeAll(config: ExaminedConfig, remarks: readonly Remark[]): readonly PlacedRemark[] {
  const unwise = config.warnings.map(({ code, ...finding }) => ofFinding(finding, { severity: "warning", code }));
  return [...unwise, ...joined(remarks.map((remark) => place(remark, config)))];
}

/** All that is wrong with a configuration that cannot be used. */
export function placeErrors({ findings }: ConfigError): readonly PlacedRemark[] {
  return findings.map((finding) => ofFinding(finding, { severity: "error", code: "config_invalid" }));
}

/** The source line is left out: it is in the file, for those who may read it. */
function ofFinding(
  { path, message, hint, file, line, column }: Finding,
  judged: Pick<Complaint, "severity" | "code">,
): PlacedRemark {
  const advice = hint === undefined ? {} : { hint };
  const setting = path === "" ? {} : { setting: path };
  return { ...judged, subject: "configuration", message, ...advice, file, line, column, ...setting };
}

function place(remark: Remark, config: ExaminedConfig): PlacedRemark {
  if (remark.severity === "ok" || remark.path === undefined) return remark;
  const { path: named, ...said } = remark;
  const path = originOf(named, config);
  const { file, line, column } = config.locate({ path, at: "key", message: said.message });
  return { ...said, file, line, column, setting: formatPath(path) };
}

/** Where a setting stands: at the service, or where it has it from. */
function originOf(path: NonNullable<Complaint["path"]>, { states }: ExaminedConfig): NonNullable<Complaint["path"]> {
  const [section, , ...keys] = path;
  const byDefault = ["defaults", ...keys];
  return section === "services" && !states(path) && states(byDefault) ? byDefault : path;
}

/** What is said of many services for one line of `defaults` is said once. */
function joined(remarks: readonly PlacedRemark[]): readonly PlacedRemark[] {
  const groups = Map.groupBy(remarks, (remark) =>
    isOfDefaults(remark) ? JSON.stringify({ ...remark, subject: "" }) : remark,
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return [{ ...first, subject: `${first.subject}${more}` }];
  });
}

/** Whether it is said of what `defaults` gives, so that it is said once and not for each service. */
export function isOfDefaults({ setting }: Pick<PlacedRemark, "setting">): boolean {
  return setting?.startsWith("defaults.") ?? false;
}
