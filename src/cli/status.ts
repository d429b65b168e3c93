import { toLeafdError } from "../domain/errors.ts";
import { statusToJson } from "../domain/status/json.ts";
import { systemClock } from "../runtime/clock.ts";
import { VERSION } from "../version.ts";
import { CONFIG_OPTION, CONTROL_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { placeOf } from "./place.ts";
import { pluginUnknown, pluginVerdict } from "./status/plugin.ts";
import { findStatus } from "./status/source.ts";
import { renderStatusTable, statusExitCode } from "./status/table.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  ...CONTROL_OPTION,
  watch: { type: "boolean", short: "w", default: false },
  json: { type: "boolean", default: false },
  nagios: { type: "boolean", default: false },
} as const;

export const statusCommand: Command = {
  name: "status",
  summary: "Show every service: its certificate, its state, and what happens next",
  options: OPTIONS,
  operands: "services",
  help: `Usage: leafd status [SERVICE...] [--watch | --json | --nagios]
                    [--config FILE | --control DIRECTORY]

Asks the running leafd over its read-only socket. When none runs, the files on disk are read and judged instead, and a
line on standard error says so. Other lines there say that the one that runs is of another version, or goes on by the
configuration before one that is refused. Changes nothing.

  STATE       ok           a good pair, delivered
              due          renewal has come due or is under way
              retrying     the last attempt failed, or the issuers are away; the pair on disk is still good
              not_live     its dependents were told, and serve another certificate
              reload_owed  a new pair is on disk and its dependents have not been told
              pending      not looked at yet
              missing      no usable pair
              expired      the pair on disk has ended

  RELOAD      done or owed; with a probe live (seen to be served), told (not seen yet) or owed

With a SERVICE its ladder is shown too: what holds while a new certificate cannot be had, and from when; \`leafd explain\`
says more. The reason of a service that an operator has paused begins with "paused until".
Colours are for terminals, unless NO_COLOR is set or TERM is dumb.

Options:
  -w, --watch               draw it again at each event and every 2 s until Ctrl-C; needs a terminal
      --json                one JSON object; times are RFC 3339; "pid" is 0 when it was read from disk
      --nagios              one line with performance data and other exit codes, as monitoring plugins have them
  -c, --config FILE         the configuration (default /etc/leafd/leafd.yaml)
      --control DIRECTORY   ask the leafd there, usually /var/lib/leafd/control, and read no configuration

Exit codes: 0 every required service has a valid pair, or the end of --watch · 1 one has not, or no such service ·
69 with --control, nobody answers · 78 wrong configuration, and no leafd that runs by the one before

Exit codes with --nagios, others than those: 0 OK · 1 WARNING more than 20 % of the time between the due renewal and the
end of a pair is used up, its dependents serve another certificate or could not be told, it has not been looked at yet,
a service that is not required has no valid pair, or the configuration is refused · 2 CRITICAL more than 40 %, or no valid
pair · 3 UNKNOWN whatever else is wrong, the command line and a configuration that no running leafd stands in for among it
`,
  async run(args, terminal) {
    if (args.includes("--nagios")) return runAsPlugin(args, terminal);
    const { values, positionals: names } = parseOptions(args, OPTIONS, true);
    const size = terminal.size();
    const isDumb = terminal.env["TERM"] === "dumb";
    if (values.watch && values.json) throw new UsageError("--watch draws a table, and --json is none");
    if (values.watch && (size === undefined || isDumb))
      throw new UsageError("--watch needs a terminal; `leafd events --follow` goes on line by line");
    const place = await placeOf(values, terminal);
    const colour = size !== undefined && !isDumb && !terminal.env["NO_COLOR"];
    if (values.watch) {
      const { watchStatus } = await import("./status/watch.ts");
      await watchStatus({ place, names, colour }, terminal);
      return EXIT.ok;
    }
    const { status, isRunning } = await findStatus({ place, names }, terminal.stopped);
    if (!isRunning) terminal.err("leafd is not running; this is what is on disk:\n");
    else if (status.version !== VERSION)
      terminal.err(
        `leafd ${status.version} is running, and this is ${VERSION}: restart it, which costs no certificate\n`,
      );
    const now = systemClock.now();
    const table = { now, colour, ladders: names.length > 0, ...(size === undefined ? {} : { width: size.columns }) };
    terminal.out(values.json ? `${statusToJson(status, 2)}\n` : renderStatusTable(status, table));
    return statusExitCode(status, now);
  },
};

/** Whatever goes wrong is the plugin's UNKNOWN: 2 would be an alarm, and 69 nothing that a monitor knows. */
async function runAsPlugin(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { line, exitCode } = await verdict(args, terminal).catch((thrown: unknown) =>
    pluginUnknown(toLeafdError(thrown).message),
  );
  terminal.out(`${line}\n`);
  return exitCode;
}

async function verdict(args: readonly string[], terminal: Terminal) {
  const { values, positionals: names } = parseOptions(args, OPTIONS, true);
  if (values.watch || values.json) throw new UsageError("--nagios prints one line, without --watch and --json");
  const place = await placeOf(values, terminal);
  const { status, isRunning } = await findStatus({ place, names }, terminal.stopped);
  return pluginVerdict(status, systemClock.now(), isRunning);
}
