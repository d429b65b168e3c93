import { type AlertRule, readAlerts } from "../alert-rules.ts";
import type { RulesTest } from "../promtool.ts";

type Labels = Readonly<Record<string, string>>;
type Severity = AlertRule["labels"]["severity"];

/** What is to fire. */
export interface Firing {
  readonly severity: Severity;
  /** Besides job and instance. */
  readonly labels?: Labels;
  readonly summary: string;
}

/** A world of a few series, and what an alert makes of it. */
export interface AlertCase {
  readonly alert: AlertRule["alert"];
  /** What the world is like, in a few words. */
  readonly what: string;
  /** Default 15 s. */
  readonly scrape?: string;
  /** As promtool writes them, without job and instance: `{ 'leafd_issuer_up{issuer="main"}': "1x8 0x20" }`. */
  readonly series: Readonly<Record<string, string>>;
  /** Since the first scrape, which is at 1970-01-01T00:00:00Z. */
  readonly at: readonly string[];
  /** Nothing else of that name may fire. */
  readonly fires: readonly Firing[];
  /** False: the alert has no labels, since it is about what is not there. */
  readonly target?: false;
}

/** One certificate from an issuer on a rung. */
export const info = (issuer: string, rung: string, serial: string) =>
  `leafd_certificate_info{service="payments",issuer="${issuer}",rung="${rung}",serial="${serial}",fingerprint="f${serial}"}`;

/** Nobody's labels but the tests': the rules know none. */
const TARGET: Labels = { job: "certificates", instance: "vm-1:9464" };

/** The case for promtool, with what the rules say themselves about what is to fire. */
export function rulesTest({ alert, what, scrape = "15s", series, at, fires, target }: AlertCase): RulesTest {
  const alerts = fires.map(({ severity, labels, summary }) => ({
    exp_labels: { ...(target === false ? {} : TARGET), severity, ...labels },
    exp_annotations: { ...ruleOf(alert, severity).annotations, summary },
  }));
  return {
    name: `${alert}: ${what}`,
    interval: scrape,
    input_series: inputSeries(series),
    alert_rule_test: at.map((time) => ({ alertname: alert, eval_time: time, exp_alerts: alerts })),
  };
}

/** The series of one target. */
export function inputSeries(series: AlertCase["series"]): RulesTest["input_series"] {
  const target = Object.entries(TARGET)
    .map(([label, value]) => `${label}="${value}"`)
    .join(",");
  return Object.entries(series).map(([name, values]) => {
    const [metric = "", labels = "}"] = name.split("{");
    return { series: `${metric}{${target},${labels}`, values };
  });
}

function ruleOf(alert: string, severity: Severity): AlertRule {
  const found = readAlerts().find((rule) => rule.alert === alert && rule.labels.severity === severity);
  if (found === undefined) throw new Error(`there is no ${alert} that is ${severity}`);
  return found;
}
