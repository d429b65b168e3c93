import { fetchExplanation } from "../control/client.ts";
import { toLeafdError } from "../domain/errors.ts";
import { explanationToJson } from "../domain/explain/json.ts";
import type { Explanation } from "../domain/explain.ts";
import { noSuchService } from "../domain/no-such-service.ts";
import type { Settings } from "../domain/spec.ts";
import { systemClock } from "../runtime/clock.ts";
import { CONFIG_OPTION, CONTROL_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { renderExplanation } from "./explain/text.ts";
import { type Place, placeOf } from "./place.ts";
import { explainFromDisk } from "./status/from-disk.ts";

const OPTIONS = { ...CONFIG_OPTION, ...CONTROL_OPTION, json: { type: "boolean", default: false } } as const;

export const explainCommand: Command = {
  name: "explain",
  summary: "Say why a service is in its state, what comes next, and what an outage would bring",
  options: OPTIONS,
  operands: "services",
  help: `Usage: leafd explain SERVICE [--config FILE | --control DIRECTORY] [--json]

Tells of one service: its pair, how the time of its renewal came about, what fails and what to do about it (with the
entry of docs/operations.md), the issuers, the budget, pauses and windows; what is done next, and when; its ladder; and
what leafd would do if no issuer answered from now on: until when the pair is kept, when whom is asked, when the reserve
is published, when it ends and what is done then. The last is played forward with the rules that leafd itself goes by,
for this service alone, while disk and dependents do as they are told.

Asks the running leafd over its read-only socket. When none runs, the files on disk are read and judged instead, and a
line on standard error says so: failures, circuits and luck of retries are known to a running leafd only. Changes nothing.

Options:
      --json                one JSON object; times are RFC 3339, members that end in Ms are milliseconds
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration

Exit codes: 0 explained, whatever the state · 1 there is no such service · 69 with --control, nobody answers ·
78 wrong configuration
`,
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, OPTIONS, true);
    const [name, ...others] = positionals;
    if (name === undefined || others.length > 0) throw new UsageError("name one service");
    const explanation = await explain(name, await placeOf(values, terminal), terminal);
    terminal.out(values.json ? `${explanationToJson(explanation, 2)}\n` : renderExplanation(explanation));
    return EXIT.ok;
  },
};

async function explain(name: string, { control, settings }: Place, terminal: Terminal): Promise<Explanation> {
  try {
    return await fetchExplanation(control, name, terminal.stopped);
  } catch (thrown) {
    if (settings === undefined || toLeafdError(thrown).reason !== "connect") throw thrown;
    return explainWithoutLeafd(name, settings, terminal);
  }
}

function explainWithoutLeafd(name: string, settings: Settings, terminal: Terminal): Promise<Explanation> {
  const spec = settings.services.find((service) => service.name === name);
  if (spec === undefined) throw noSuchService(name, settings.services);
  terminal.err("leafd is not running; this is what one that starts now would go on from:\n");
  return explainFromDisk(spec, settings, systemClock);
}
