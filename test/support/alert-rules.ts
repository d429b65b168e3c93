import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The alerts that users load, as a file. */
export const RULES_FILE = join(import.meta.dirname, "../../deploy/prometheus/leafd.rules.yaml");

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: "warning" | "critical" };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (AlertRule | RecordingRule)[];
}

/** The groups of the file, in their order. */
export function readRules(): readonly RuleGroup[] {
  const file: { readonly groups: readonly RuleGroup[] } = parse(readFileSync(RULES_FILE, "utf8"));
  return file.groups;
}

/** Its alerts; one that warns first and is critical later comes twice. */
export function readAlerts(): readonly AlertRule[] {
  return readRules().flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
}

/** What its rules have recorded: names that no leafd exports. */
export function recordedNames(): ReadonlySet<string> {
  return new Set(readRules().flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))));
}
