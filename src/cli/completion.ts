import { CONFIG_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { type CommandWords, wordsOf } from "./completion/words.ts";
import { zshCompletion } from "./completion/zsh.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

const OPTIONS = { ...CONFIG_OPTION, services: { type: "boolean", default: false } } as const;

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** The command that knows all others, and itself. */
export const completionOf = (all: Commands): Command => ({
  name: "completion",
  summary: "Print the completion script for a shell",
  options: OPTIONS,
  operands: Object.keys(SHELLS),
  help: `Usage: leafd completion bash|zsh|fish
       leafd completion --services [--config FILE]

Prints a script that lets the shell complete commands, options and the names of services:

  bash    leafd completion bash > /etc/bash_completion.d/leafd      (or: source <(leafd completion bash))
  zsh     leafd completion zsh > /usr/local/share/zsh/site-functions/_leafd
  fish    leafd completion fish > /etc/fish/completions/leafd.fish

Options:
      --services      the names of the configured services instead, one a line; nothing when they cannot be read
  -c, --config FILE   the configuration (default /etc/leafd/leafd.yaml)

Exit codes: 0 printed
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, OPTIONS, true);
    const [shell, ...others] = positionals;
    if (values.services && shell === undefined) return printServices(values.config, terminal);
    const script = shell === undefined || !Object.hasOwn(SHELLS, shell) ? undefined : SHELLS[shell];
    if (script === undefined || others.length > 0 || values.services)
      throw new UsageError(`name one shell: ${Object.keys(SHELLS).join(", ")}`);
    const commands = await Promise.all(Object.values(all).map((load) => load()));
    terminal.out(script(commands.map(wordsOf)));
    return EXIT.ok;
  },
});

/** Asked at each press of Tab: whatever is wrong is no reason to write over a prompt. */
async function printServices(config: string, terminal: Terminal): Promise<ExitCode> {
  const loaded = await readConfig(config, terminal).catch(() => undefined);
  terminal.out((loaded?.settings.services ?? []).map(({ name }) => `${name}\n`).join(""));
  return EXIT.ok;
}
