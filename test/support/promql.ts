import { METRICS } from "../../src/observe/metric-catalog.ts";

/*
 * Which metrics and labels a query in PromQL names. No parser: strings, ranges and keywords are taken out, and of what is
 * left each word without a bracket behind it is a metric.
 */

/** Labels that Prometheus itself adds, also where a target brings one of leafd's names. */
const TARGET_LABELS = ["job", "instance", "exported_service", "exported_cluster"];
/** What Prometheus knows by itself. */
const OWN_METRICS = new Set(["up"]);
const KEYWORDS = new Set("and or unless bool by without on ignoring group_left group_right offset inf nan".split(" "));
const WORD = /[a-zA-Z_:][\w:]*/g;

/** `metric{label="value"}`, or the metric alone. */
interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What the query names and no leafd exports, nor `recorded` holds; nothing when all is well. */
export function unknownNames(query: string, recorded: ReadonlySet<string> = new Set()): string[] {
  const { selectors, grouping } = namesOf(query);
  const known = selectors.map(({ metric }) => labelsOf(metric));
  const wrong = selectors.flatMap(({ metric, labels }) => {
    if (recorded.has(metric) || OWN_METRICS.has(metric)) return [];
    const has = labelsOf(metric);
    if (has === undefined) return [metric];
    return labels.filter((label) => !has.includes(label)).map((label) => `${metric}{${label}}`);
  });
  const all = new Set([...TARGET_LABELS, ...known.flatMap((labels) => labels ?? [])]);
  // A recorded series has the labels of what it was made of, which may be any.
  const isRecorded = selectors.some(({ metric }) => recorded.has(metric));
  return [...wrong, ...(isRecorded ? [] : grouping.filter((label) => !all.has(label)))];
}

function namesOf(query: string): { readonly selectors: readonly Selector[]; readonly grouping: readonly string[] } {
  const bare = query.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/\[[^\]]*\]/g, "");
  const grouped = [...bare.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g)];
  const grouping = grouped.flatMap(([, labels = ""]) => labels.match(WORD) ?? []);
  const rest = bare.replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const selectors = [...rest.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g)].flatMap(
    ([, metric = "", after = ""]) => {
      if (after === "(" || KEYWORDS.has(metric)) return [];
      return [{ metric, labels: [...after.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label) }];
    },
  );
  return { selectors, grouping };
}

/** The labels that the metric has, as Prometheus sees them; undefined: there is none of that name. */
function labelsOf(metric: string): readonly string[] | undefined {
  const catalog = new Map<string, { readonly type: string; readonly labels: readonly string[] }>(
    Object.entries(METRICS),
  );
  const plain = catalog.get(metric);
  if (plain !== undefined) return [...plain.labels, ...TARGET_LABELS];
  const [, base = "", part] = /^(.+)_(bucket|sum|count)$/.exec(metric) ?? [];
  const histogram = catalog.get(base);
  if (histogram?.type !== "histogram") return undefined;
  return [...histogram.labels, ...TARGET_LABELS, ...(part === "bucket" ? ["le"] : [])];
}
