import { VERSION } from "../version.ts";
import { type Command, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

const OPTIONS = { json: { type: "boolean", default: false } } as const;

export const versionCommand: Command = {
  name: "version",
  summary: "Print the version",
  options: OPTIONS,
  help: `Usage: leafd version [--json]

Prints the version of leafd and of the Node it runs on.

Options:
  --json    as one JSON object
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    const facts = { leafd: VERSION, node: process.versions.node, openssl: process.versions.openssl };
    terminal.out(
      values.json
        ? `${JSON.stringify(facts)}\n`
        : `leafd ${facts.leafd} (Node ${facts.node}, OpenSSL ${facts.openssl})\n`,
    );
    return EXIT.ok;
  },
};
