import { type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

const OPTIONS = { markdown: { type: "boolean", default: false } } as const;

export const schemaCommand: Command = {
  name: "schema",
  summary: "Print the JSON Schema of the configuration file, or its reference for people",
  options: OPTIONS,
  help: `Usage: leafd schema [--markdown]

Prints the JSON Schema (draft 2020-12) of the configuration file. Editors with a YAML language server take it from a
first line in the file:

  # yaml-language-server: $schema=/usr/share/leafd/leafd.schema.json

Options:
      --markdown   every key with its type, default and meaning as a page for people instead
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    terminal.out(values.markdown ? await markdown() : await jsonSchema());
    return EXIT.ok;
  },
};

async function jsonSchema(): Promise<string> {
  const { renderJsonSchema } = await import("../config/json-schema.ts");
  return renderJsonSchema();
}

async function markdown(): Promise<string> {
  const { renderReferencePage } = await import("../config/reference-page.ts");
  return renderReferencePage();
}
