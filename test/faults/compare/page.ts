import type { ComparedRow } from "./bench.ts";
import { templateStanza } from "./go-tools.ts";
import type { Layout, Tool } from "./tool.ts";

/** One figure, or why there is none. */
export interface Measured {
  readonly row: ComparedRow;
  readonly tool: Tool;
  readonly layout: Layout;
  readonly figure: string;
  readonly failure?: string;
  /** Milliseconds. */
  readonly took: number;
}

interface Results {
  readonly tools: readonly Tool[];
  readonly rows: readonly ComparedRow[];
  readonly measured: readonly Measured[];
  /** What it ran on, in words. */
  readonly machine: string;
}

/** docs/comparison.md. */
export function comparisonPage({ tools, rows, measured, machine }: Results): string {
  const cell = (row: ComparedRow, layout: Layout, tool: Tool) => {
    const found = measured.find((each) => each.row === row && each.layout === layout && each.tool === tool);
    return found === undefined ? "–" : found.figure.replaceAll("|", "\\|");
  };
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = rows.flatMap((row) =>
    row.layouts.map((layout) => line([String(row.id), layout, ...tools.map((tool) => cell(row, layout, tool))])),
  );
  return `# Comparison

The same faults, injected by the same code into leafd and into the programs that people use for this today. All of them
ask the same real server, and certificates are counted there. Printed and written by

<!-- not run: it takes the better part of an hour -->
\`\`\`sh
npm run test:compare
\`\`\`

in one run, on ${machine}. A row has the number that it has in the fault scorecard.

| tool | version |
|---|---|
${tools.map(({ name, version }) => line([name, version])).join("\n")}

## Figures

${line(["row", "layout", ...tools.map(({ name }) => name)])}
${line(["---", "---", ...tools.map(() => "---")])}
${table.join("\n")}

## What was done, and what the figures mean

${rows.map(({ id, what, reading }) => `- **${id}**: ${what}. Figures: ${reading}.`).join("\n")}

\`files\`: the dependent reads key and certificate from files of their own. \`bundle\`: both from one file, which not every
dependent can.

## How each was configured

${tools.map(({ name, notes }) => `**${name}.** ${notes.join(" ")}`).join("\n\n")}

A tool that ended was started again after 5 s, as a service manager would. Certificates are of a role that stores them,
with an EC key and \`not_before_duration=1s\`, so that a short life is not mostly in the past. Lives are short because the
faults are waited for in real time: a figure in seconds does not scale to certificates of a day, a count does.

The template of \`bao agent\` and consul-template, here with \`files\`; \`bundle\` is the same without the lines of
\`writeToFile\`, and is the safer of the two:

\`\`\`hcl
${templateStanza("/srv/web", "pki/issue/svc", { layout: "files", command: ["/usr/sbin/nginx", "-s", "reload"] })}\`\`\`
`;
}
