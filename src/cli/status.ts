import { fetchStatus } from "../control/client.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Settings } from "../domain/spec.ts";
import type { DaemonStatus } from "../domain/status.ts";
import { statusToJson } from "../domain/status-json.ts";
import { systemClock } from "../runtime/clock.ts";
import { CONFIG_OPTION, type Command, parseOptions, type Terminal } from "./command.ts";
import { readConfig } from "./read-config.ts";
import { statusFromDisk } from "./status-from-disk.ts";
import { renderStatusTable, statusExitCode } from "./status-table.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "Show every service: its certificate, its state, and what happens next",
  help: `Usage: leafd status [SERVICE...] [--config FILE] [--json]

Asks the running leafd over its read-only socket. When none runs, the files on disk are read and judged instead, and a
line on standard error says so. Changes nothing.

  STATE       ok           a good pair, delivered
              due          renewal has come due or is under way
              retrying     the last attempt failed; the pair on disk is still good
              not_live     its dependents were told, and serve another certificate
              reload_owed  a new pair is on disk and its dependents have not been told
              pending      not looked at yet
              missing      no usable pair
              expired      the pair on disk has ended

  RELOAD      done or owed; with a probe live (seen to be served), told (not seen yet) or owed

With a SERVICE its ladder is shown too: what holds while a new certificate cannot be had, and from when.
The reason of a service that an operator has paused begins with "paused until".

Options:
  -c, --config FILE   the configuration (default /etc/leafd/leafd.yaml)
      --json          one JSON object; times are RFC 3339; "pid" is 0 when it was read from disk

Exit codes: 0 every required service has a valid pair · 1 one has not · 78 wrong configuration
`,
  async run(args, terminal) {
    const options = { ...CONFIG_OPTION, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseOptions(args, options, true);
    const { settings } = await readConfig(values.config, terminal);
    const status = only(await currentStatus(settings, terminal), positionals);
    const now = systemClock.now();
    const { columns } = terminal;
    const colour = columns !== undefined && !terminal.env["NO_COLOR"];
    const table = {
      now,
      colour,
      ladders: positionals.length > 0,
      ...(columns === undefined ? {} : { width: columns }),
    };
    terminal.out(values.json ? `${statusToJson(status, 2)}\n` : renderStatusTable(status, table));
    return statusExitCode(status, now);
  },
};

async function currentStatus(settings: Settings, terminal: Terminal): Promise<DaemonStatus> {
  try {
    return await fetchStatus(settings.control.directory, terminal.stopped);
  } catch (thrown) {
    if (toLeafdError(thrown).reason !== "connect") throw thrown;
    terminal.err("leafd is not running; this is what is on disk:\n");
    return statusFromDisk(settings, systemClock);
  }
}

function only(status: DaemonStatus, names: readonly string[]): DaemonStatus {
  if (names.length === 0) return status;
  const services = status.services.filter((service) => names.includes(service.name));
  const unknown = names.find((name) => !services.some((service) => service.name === name));
  if (unknown === undefined) return { ...status, services };
  throw new LeafdError("request_denied", `there is no service "${unknown}"`, {
    hint: `The services are: ${status.services.map((service) => service.name).join(", ")}.`,
  });
}
