import { type Command, parseOptions } from "./command.ts";
import { giveOrder, ORDER_OPTIONS, selectionOf } from "./order.ts";

export const resumeCommand: Command = {
  name: "resume",
  summary: "End the pause of services before its time",
  options: ORDER_OPTIONS,
  operands: "services",
  help: `Usage: leafd resume SERVICE... [--config FILE | --control DIRECTORY] [--json]
       leafd resume --all [--config FILE | --control DIRECTORY] [--json]

Ends what \`leafd pause\` began: what came due meanwhile is done now. A service that is not paused stays as it is, which is
no error. Asked over the admin socket (0600: leafd's user and root).

Options:
      --all                 every service
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration
      --json                one JSON array

Exit codes: 0 none of them is paused now · 1 a service was refused · 69 leafd is not running
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, ORDER_OPTIONS, true);
    return giveOrder({ kind: "resume", request: selectionOf(values.all, positionals) }, values, terminal);
  },
};
