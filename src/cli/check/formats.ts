import { isOfDefaults, type PlacedRemark } from "./report.ts";

/** How `check` writes its remarks. */
export const FORMATS = {
  text: renderText,
  json: (remarks: readonly PlacedRemark[]) => `${JSON.stringify(remarks, null, 2)}\n`,
  github: renderGitHub,
} as const;

export type Format = keyof typeof FORMATS;

/** One line a remark, its place first where it has one and its code last, the hint below it. */
function renderText(remarks: readonly PlacedRemark[]): string {
  return remarks
    .map((remark) => {
      const { severity, code, message, hint } = remark;
      const [name, advice] = [code === undefined ? "" : ` [${code}]`, hint === undefined ? "" : `\n        ${hint}`];
      return `${severity.padEnd(8)}${where(remark)}${message}${name}${advice}\n`;
    })
    .join("");
}

function where(remark: PlacedRemark): string {
  const { subject, file, line, column, setting } = remark;
  if (file === undefined) return `${subject}: `;
  return `${file}:${line}:${column}: ${setting}: ${isOfDefaults(remark) ? `${subject}: ` : ""}`;
}

const COMMANDS = { error: "error", warning: "warning", skipped: "notice" } as const;

/**
 * Workflow commands of GitHub Actions, which shows them at the lines of a pull request:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
function renderGitHub(remarks: readonly PlacedRemark[]): string {
  return remarks
    .map(({ severity, code, subject, message, hint, file, line, column, setting = subject }) => {
      if (severity === "ok") return "";
      const place = file === undefined ? {} : { file, line, col: column };
      const properties = Object.entries({ ...place, title: `leafd: ${code}` })
        .map(([name, value]) => `${name}=${escape(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`)
        .join(",");
      const text = `${setting}: ${message}${hint === undefined ? "" : `\n${hint}`}`;
      return `::${COMMANDS[severity]} ${properties}::${escape(text)}\n`;
    })
    .join("");
}

/** Also what begins a new command: a name out of the configuration must not give orders to the runner. */
function escape(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
