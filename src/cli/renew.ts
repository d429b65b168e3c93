import { type Command, parseOptions } from "./command.ts";
import { giveOrder, ORDER_OPTIONS, selectionOf } from "./order.ts";

const OPTIONS = { ...ORDER_OPTIONS, force: { type: "boolean", default: false } } as const;

export const renewCommand: Command = {
  name: "renew",
  summary: "Ask the running leafd for a new certificate now",
  options: OPTIONS,
  operands: "services",
  help: `Usage: leafd renew SERVICE... [--force] [--config FILE | --control DIRECTORY] [--json]
       leafd renew --all [--force] [--config FILE | --control DIRECTORY] [--json]

Queues a rotation, ahead of its due time, over the admin socket (0600: leafd's user and root). It takes the usual way:
verified, written, reloaded; it counts in the budget; the pair on disk stays until the new one is proved. Answers at once:
\`leafd status\` shows what became of it. A service that is paused is refused.

Options:
      --all                 every service
      --force               in spite of a pause, an open circuit, a spent budget and a reload window that is closed; a pause
                            goes on afterwards
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration
      --json                one JSON array

Exit codes: 0 all queued · 1 a service was refused · 69 leafd is not running
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, OPTIONS, true);
    const request = { ...selectionOf(values.all, positionals), force: values.force };
    return giveOrder({ kind: "renew", request }, values, terminal);
  },
};
