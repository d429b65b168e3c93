import { type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

export const schemaCommand: Command = {
  name: "schema",
  summary: "Print the JSON Schema of the configuration file",
  help: `Usage: leafd schema

Prints the JSON Schema (draft 2020-12) of the configuration file. Editors with a YAML language server take it from a
first line in the file:

  # yaml-language-server: $schema=/usr/share/leafd/leafd.schema.json
`,
  async run(args, terminal) {
    parseOptions(args, {});
    const { renderJsonSchema } = await import("../config/json-schema.ts");
    terminal.out(renderJsonSchema());
    return EXIT.ok;
  },
};
