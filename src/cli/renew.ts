import { requestRenewal } from "../control/client.ts";
import { CONFIG_OPTION, type Command, parseOptions, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readConfig } from "./read-config.ts";

export const renewCommand: Command = {
  name: "renew",
  summary: "Ask the running leafd for a new certificate now",
  help: `Usage: leafd renew SERVICE... [--config FILE] [--json]
       leafd renew --all [--config FILE] [--json]

Queues a rotation, ahead of its due time, over the admin socket (0600: leafd's user and root). It takes the usual way:
verified, written, reloaded; it counts in the budget; the pair on disk stays until the new one is proved. Answers at once:
\`leafd status\` shows what became of it.

Options:
      --all           every service
  -c, --config FILE   the configuration (default /etc/leafd/leafd.yaml)
      --json          one JSON array

Exit codes: 0 all queued · 1 a service was refused · 69 leafd is not running
`,
  async run(args, terminal) {
    const options = {
      ...CONFIG_OPTION,
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    } as const;
    const { values, positionals } = parseOptions(args, options, true);
    if (values.all === positionals.length > 0) throw new UsageError("name the services, or say --all");
    const { settings } = await readConfig(values.config, terminal);
    const wish = values.all ? ({ all: true } as const) : { services: positionals };
    const answers = await requestRenewal(settings.control.directory, wish, terminal.stopped);
    if (values.json) terminal.out(`${JSON.stringify(answers)}\n`);
    else for (const { service, message } of answers) terminal.out(`${service}: ${message}\n`);
    return answers.every(({ accepted }) => accepted) ? EXIT.ok : EXIT.failed;
  },
};
