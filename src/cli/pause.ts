import { PAUSE } from "../domain/operator.ts";
import { formatDuration, type Millis } from "../domain/units.ts";
import { type Command, durationOption, parseOptions, UsageError } from "./command.ts";
import { giveOrder, ORDER_OPTIONS, selectionOf } from "./order.ts";

const OPTIONS = { ...ORDER_OPTIONS, for: { type: "string", default: "1h" } } as const;

export const pauseCommand: Command = {
  name: "pause",
  summary: "Hold services still for a while: nothing issued, written or reloaded",
  options: OPTIONS,
  operands: "services",
  help: `Usage: leafd pause SERVICE... [--for 1h] [--config FILE | --control DIRECTORY] [--json]
       leafd pause --all [--for 1h] [--config FILE | --control DIRECTORY] [--json]

While a service is paused the running leafd issues nothing, publishes nothing and reloads nothing for it, until the time
is over or \`leafd resume\`. What is under way is left and begins anew afterwards; a reload that has begun is finished.
Pausing again counts from now. A pause survives a restart. Asked over the admin socket (0600: leafd's user and root).

Warns when a certificate ends within the pause: nobody renews it until then.

Options:
      --all                 every service that is configured now
      --for DURATION        how long: 1m to 7d (default 1h)
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration
      --json                one JSON array

Exit codes: 0 all paused · 1 a service was refused · 69 leafd is not running
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, OPTIONS, true);
    const request = { ...selectionOf(values.all, positionals), duration: lengthOf(values.for) };
    return giveOrder({ kind: "pause", request }, values, terminal);
  },
};

function lengthOf(text: string): Millis {
  const duration = durationOption("--for", text);
  if (duration >= PAUSE.shortest && duration <= PAUSE.longest) return duration;
  const [least, most] = [PAUSE.shortest, PAUSE.longest].map(formatDuration);
  throw new UsageError(`--for ${text}: a pause takes at least ${least} and at most ${most}`);
}
