import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * The blocks of code in the documentation, as CONTRIBUTING.md ("Code in the documentation") says they are written:
 *
 *   ```sh         is run by test/docs-commands.test.ts, unless `<!-- not run: why -->` stands above it
 *   ```text       right after it: lines that it prints, in this order; `…` stands for what differs
 *   <!-- goes on --> above ```sh: stays there in the background; the text after it is what it says when it is ready
 *   `/a/path`:    above any other block: its content goes into that file
 */

const ROOT = join(import.meta.dirname, "../..");

/** README.md and docs/*.md: what users read. */
export const PAGES: readonly string[] = ["README.md", ...globSync("docs/*.md", { cwd: ROOT }).toSorted()];

export interface Block {
  readonly page: string;
  /** Of its fence. */
  readonly line: number;
  /** The word after the fence: `sh`, `yaml`, …; empty when there is none. */
  readonly language: string;
  readonly code: string;
  /** Why it is not run. */
  readonly notRun?: string;
  readonly goesOn: boolean;
  /** The file that it is the content of. */
  readonly file?: string;
  /** The lines that it prints, of the `text` block after it. */
  readonly prints: readonly string[];
}

/** The text of a page. */
export const readPage = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** Where a block stands, for messages: `docs/metrics.md:12`. */
export const placeOf = ({ page, line }: Block): string => `${page}:${line}`;

/** The page whose end is this one's beginning: its commands are run first. */
export function beginsAfter(page: string): string | undefined {
  const [, name] = /^<!-- begins where ([\w-]+\.md) ends -->$/m.exec(readPage(page)) ?? [];
  return name === undefined ? undefined : `docs/${name}`;
}

/** All fenced blocks of a page in their order. Throws for one that has no end. */
export function blocksOf(page: string): Block[] {
  const lines = readPage(page).split("\n");
  const blocks: Block[] = [];
  let above = "";
  for (let at = 0; at < lines.length; at += 1) {
    const [, language] = /^```(\w*)$/.exec(lines[at] ?? "") ?? [];
    if (language === undefined) {
      if (lines[at] !== "") above = lines[at] ?? "";
      continue;
    }
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: a block without an end`);
    const code = `${lines.slice(at + 1, end).join("\n")}\n`;
    const previous = blocks.at(-1);
    // Nothing but blank lines between the two.
    if (language === "text" && previous?.language === "sh" && above === "```")
      blocks[blocks.length - 1] = { ...previous, prints: code.trimEnd().split("\n") };
    else blocks.push({ page, line: at + 1, language, code, prints: [], ...marksIn(above, language) });
    above = "```";
    at = end;
  }
  return blocks;
}

function marksIn(above: string, language: string): Pick<Block, "notRun" | "goesOn" | "file"> {
  const [, notRun] = /^<!-- not run: (.+) -->$/.exec(above) ?? [];
  const [, file] = (language === "sh" ? undefined : /`(\/[^`]+)`:$/.exec(above)) ?? [];
  return {
    goesOn: above === "<!-- goes on -->",
    ...(notRun === undefined ? {} : { notRun }),
    ...(file === undefined ? {} : { file }),
  };
}

/** The first of the lines that the output does not have after the ones before it; undefined when it has all. */
export function missingLine(lines: readonly string[], output: string): string | undefined {
  let rest = output.split("\n").map((line) => line.trim());
  for (const line of lines) {
    const pattern = new RegExp(`^${line.trim().split("…").map(literally).join(".*")}$`);
    const found = rest.findIndex((printed) => pattern.test(printed));
    if (found < 0) return line;
    rest = rest.slice(found + 1);
  }
  return undefined;
}

/** Tables are as wide as what is in them: one blank stands for some. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll(/ +/g, " +");
}
