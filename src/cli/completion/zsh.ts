import { type CommandWords, quoted } from "./words.ts";

/** A completion for zsh: a file `_leafd` in a directory of `fpath`, or sourced after `compinit`. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`);
  return `#compdef leafd
# Completion of leafd for zsh: leafd completion zsh > a directory of fpath/_leafd

_leafd_services() {
  local i config
  local -a services
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      -c|--config) config=$words[i+1] ;;
      --config=*) config=\${words[i]#--config=} ;;
    esac
  done
  services=(\${(f)"$(leafd completion --services \${config:+--config} \${config:+$config} 2>/dev/null)"})
  compadd -a services
}

_leafd() {
  local -a commands
  commands=(
${described.join("\n")}
    'help:Say more about a command'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(cases).join("\n")}
    help) _describe command commands ;;
  esac
}

if [[ $funcstack[1] == _leafd ]]; then _leafd "$@"; else compdef _leafd leafd; fi
`;
}

function cases({ name, options, operands }: CommandWords): string {
  const specs = options.map(({ name: option, short, takesValue, says }) => {
    const forms = short === undefined ? `--${option}` : `{-${short},--${option}}`;
    const value = takesValue ? `:${option}:${valueOf(option)}` : "";
    const label = quoted(`[${says.replaceAll(/[[\]:]/g, " ")}]${value}`);
    return takesValue && short === undefined ? `--${option}=${label}` : `${forms}${label}`;
  });
  return `    ${name}) _arguments -s ${[...specs, ...rest(operands)].join(" ")} ;;`;
}

function valueOf(option: string): string {
  if (option === "config") return "_files";
  return option === "service" ? "_leafd_services" : " ";
}

function rest(operands: CommandWords["operands"]): readonly string[] {
  if (operands === "services") return ["'*:service:_leafd_services'"];
  if (operands === "files") return ["'*:file:_files'"];
  return operands.length === 0 ? [] : [quoted(`1:word:(${operands.join(" ")})`)];
}
