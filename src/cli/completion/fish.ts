import { type CommandWords, quoted } from "./words.ts";

/** A completion for fish: `leafd completion fish | source`, or a file in ~/.config/fish/completions. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const names = [...commands.map(({ name }) => name), "help"].join(" ");
  return `# Completion of leafd for fish: leafd completion fish > ~/.config/fish/completions/leafd.fish

function __leafd_services
    set -l words (commandline -opc)
    set -l config
    for i in (seq (count $words))
        switch $words[$i]
            case -c --config
                set config --config $words[(math $i + 1)]
            case '--config=*'
                set config $words[$i]
        end
    end
    leafd completion --services $config 2>/dev/null
end

complete -c leafd -f
${commands.map(({ name, summary }) => `complete -c leafd -n '__fish_use_subcommand' -a ${name} -d ${quotedForFish(summary)}`).join("\n")}
complete -c leafd -n '__fish_use_subcommand' -a help -d 'Say more about a command'
complete -c leafd -n '__fish_seen_subcommand_from help' -a ${quoted(names)}
${commands.flatMap(lines).join("\n")}
`;
}

function lines({ name, options, operands }: CommandWords): readonly string[] {
  const about = `complete -c leafd -n '__fish_seen_subcommand_from ${name}'`;
  const described = options.map(({ name: option, short, takesValue, says }) =>
    [
      about,
      ...(short === undefined ? [] : [`-s ${short}`]),
      `-l ${option}`,
      ...(takesValue ? [valueOf(option)] : []),
      `-d ${quotedForFish(says)}`,
    ].join(" "),
  );
  return [...described, ...operandLines(about, operands)];
}

function valueOf(option: string): string {
  if (option === "config") return "-r -F";
  return option === "service" ? "-x -a '(__leafd_services)'" : "-x";
}

function operandLines(about: string, operands: CommandWords["operands"]): readonly string[] {
  if (operands === "services") return [`${about} -a '(__leafd_services)'`];
  if (operands === "files") return [`${about} -F`];
  return operands.length === 0 ? [] : [`${about} -a ${quoted(operands.join(" "))}`];
}

/** fish knows two escapes between single quotes. */
function quotedForFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
