import * as forms from "./forms.ts";
import { schemaKeys } from "./json-schema.ts";
import { isPlainMap, type PlainMap } from "./plain.ts";
import { describedAt, describeKey } from "./reference.ts";

/**
 * Every key of the configuration in Markdown, for people: docs/configuration-reference.md to the byte. Made of the same
 * source as the check at start and the JSON Schema. Keys that are the same in two places are listed at one of them.
 */
export function renderReferencePage(): string {
  const sections = new Map<string, string[]>();
  for (const { path, schema, required } of schemaKeys()) {
    if (describedAt(path) !== path) continue;
    const [section = path] = path.split(/[.[]/, 1);
    const rows = sections.get(section) ?? [];
    const { description = "", ...given } = describeKey(path) ?? {};
    const byDefault = "default" in given ? inYaml(given.default) : required ? "required" : "";
    rows.push(`| \`${path}\` | ${typeOf(schema)} | ${byDefault} | ${description.replaceAll("|", "\\|")} |`);
    sections.set(section, rows);
  }
  const tables = [...sections].map(([name, rows]) => `\n## \`${name}\`\n\n${TABLE_HEAD}${rows.join("\n")}\n`);
  return HEAD + tables.join("");
}

const HEAD = `# Configuration reference

Every key, as this version reads it. Printed by \`leafd schema --markdown\`; do not edit it here. \`*\` stands for a name that
you choose, \`[]\` for each element of a list. \`defaults\` has the keys of \`services.*\` but \`identity\`, \`output.directory\`,
\`notAfter\` and \`probe\`; \`clusters.*\` has those of \`vault\`; \`preReload[]\` and \`escalate[]\` have those of \`reload[]\`.
[Configuration](configuration.md) says what a change of a key costs, and what must hold between keys.
`;

const TABLE_HEAD = "| key | type | default | what for |\n|---|---|---|---|\n";

/** What a text that must have a form is called. */
const NAMED_FORMS: ReadonlyMap<string, string> = new Map(
  (
    [
      [forms.NAME, "name"],
      [forms.TEXT, "text"],
      [forms.ABSOLUTE_PATH, "absolute path"],
      [forms.DURATION, "duration"],
      [forms.MODE, "file mode in quotes"],
      [forms.PERCENTAGE, "percentage"],
      [forms.ACCOUNT, "user or group"],
      [forms.ADDRESS, "address"],
      [forms.URL, "URL"],
      [forms.NAMESPACE, "namespace"],
      [forms.MOUNT, "mount"],
      [forms.ROLE, "role"],
      [forms.UNIT, "unit"],
      [forms.HEADER_VALUE, "text"],
      [forms.ENDPOINT, "host:port"],
      [forms.HOST_NAME, "host name"],
      [forms.PROTOCOL, "protocol"],
      [forms.CRON, "cron expression in quotes"],
    ] as const
  ).map(([form, word]) => [form.pattern.source, word]),
);

function typeOf(schema: PlainMap): string {
  const { anyOf, enum: choices, type, pattern, format, items, additionalProperties } = schema;
  if (Array.isArray(anyOf)) return [...new Set(anyOf.filter(isPlainMap).map(typeOf))].join(" or ");
  if (Array.isArray(choices)) return choices.map((choice) => `\`${String(choice)}\``).join(", ");
  if (type === "array") return isPlainMap(items) ? `list of ${typeOf(items)}` : "list";
  if (type === "object") return isPlainMap(additionalProperties) ? mapOf(additionalProperties) : "map";
  if (type === "boolean") return "true or false";
  if (type === "integer" || type === "number") return rangeOf(schema);
  if (format === "date-time") return "time";
  return NAMED_FORMS.get(String(pattern)) ?? "text";
}

function mapOf(values: PlainMap): string {
  const word = typeOf(values);
  return word === "map" ? "map by name" : `map of ${word}`;
}

/** Whole numbers without a limit of ours still have those of the format. */
function rangeOf({ minimum, maximum }: PlainMap): string {
  const known = (limit: unknown) => typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  return known(minimum) && known(maximum) ? `number from ${String(minimum)} to ${String(maximum)}` : "number";
}

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `\`[${value.join(", ")}]\``;
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
