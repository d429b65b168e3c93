import type { Command } from "../command.ts";

/* What a shell needs to know of the commands, made of what the commands themselves say. */

interface OptionWords {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  /** A word of its own follows. */
  readonly takesValue: boolean;
  /** From the help text. */
  readonly says: string;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  readonly operands: NonNullable<Command["operands"]>;
}

/** What a shell may complete of a command, with the sentence that its help has for each option. */
export function wordsOf({ name, summary, options, operands = [], help }: Command): CommandWords {
  const described = Object.entries(options).map(([option, { type, short }]) => ({
    name: option,
    takesValue: type === "string",
    says: saysOf(option, help),
    ...(short !== undefined && { short }),
  }));
  return { name, summary, options: [...described, HELP], operands };
}

const HELP: OptionWords = { name: "help", short: "h", takesValue: false, says: "say more about this command" };

/** All ways to write the options, those that take a value apart when asked for. */
export function spellings(options: readonly OptionWords[]): readonly string[] {
  return options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
}

/** The first words of the help text about an option: what stands behind two blanks, up to the next clause. */
function saysOf(option: string, help: string): string {
  const [, says = ""] = new RegExp(`^ {2,6}(?:-\\w, )?--${option}(?: [A-Z]+)? {2,}(.+)$`, "m").exec(help) ?? [];
  const [first = ""] = says.split(/[;:(]/);
  return first.trim();
}

/** A text between single quotes of a POSIX shell or zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
