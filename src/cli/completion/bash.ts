import { type CommandWords, quoted, spellings } from "./words.ts";

/**
 * A completion for bash 3.2 and later. Candidates are compared and not expanded: `compgen -W` would carry out what a
 * name holds.
 */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# Completion of leafd for bash: source <(leafd completion bash)

_leafd_offer() {
  local word
  for word in "$@"; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
}

_leafd_services() {
  local i config= name
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -c | --config)
        config=\${COMP_WORDS[i + 1]}
        if [[ $config == = ]]; then config=\${COMP_WORDS[i + 2]}; fi
        ;;
    esac
  done
  while IFS= read -r name; do
    _leafd_offer "$name"
  done < <(leafd completion --services \${config:+--config "$config"} 2>/dev/null)
}

_leafd() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _leafd_offer ${[...commands.map(({ name }) => name), "help"].join(" ")}
    return
  fi
  if [[ $cur == = ]]; then cur=; fi
  if [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $command:$previous in
    *:-c | *:--config)
      compopt -o default 2>/dev/null
      return
      ;;
${commands.flatMap(valued).join("\n")}
  esac
  case $command in
${commands.map(offered).join("\n")}
    help) _leafd_offer ${commands.map(({ name }) => name).join(" ")} ;;
  esac
}

complete -F _leafd leafd
`;
}

/** Nothing is known of the values of other options. */
function valued({ name, options }: CommandWords): readonly string[] {
  const others = options.filter((option) => option.takesValue && option.name !== "config");
  const services = others.filter((option) => option.name === "service");
  const unknown = others.filter((option) => option.name !== "service");
  const pattern = (some: typeof others) =>
    spellings(some)
      .map((each) => `${name}:${each}`)
      .join(" | ");
  return [
    ...(services.length > 0 ? [`    ${pattern(services)})\n      _leafd_services\n      return\n      ;;`] : []),
    ...(unknown.length > 0 ? [`    ${pattern(unknown)}) return ;;`] : []),
  ];
}

function offered({ name, options, operands }: CommandWords): string {
  const flags = `      if [[ $cur == -* ]]; then _leafd_offer ${spellings(options).join(" ")}; else ${operandsOf(operands)}; fi`;
  return `    ${name})\n${flags}\n      ;;`;
}

function operandsOf(operands: CommandWords["operands"]): string {
  if (operands === "services") return "_leafd_services";
  if (operands === "files") return "compopt -o default 2>/dev/null";
  return operands.length === 0 ? ":" : `_leafd_offer ${operands.map(quoted).join(" ")}`;
}
