import { fetchStatus } from "../control/client.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { DaemonStatus } from "../domain/status.ts";
import { type Health, liveness, readiness } from "../observe/health.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Command, DEFAULT_CONTROL, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

const OPTIONS = {
  ready: { type: "boolean", default: false },
  control: { type: "string", default: DEFAULT_CONTROL },
} as const;

export const healthcheckCommand: Command = {
  name: "healthcheck",
  summary: "Say whether the running leafd works: for HEALTHCHECK and exec probes",
  options: OPTIONS,
  help: `Usage: leafd healthcheck [--ready] [--control DIRECTORY]

Asks the running leafd over its read-only socket whether its scheduler runs: what /livez says, without a port and
without curl. It says nothing about Vault or any certificate, since a restart would cure neither. The configuration is
not read: a broken file does not make a leafd sick that goes on with the one before it. One line says what is wrong.

Options:
      --ready               ask instead whether every required service has a valid certificate, as /readyz does
      --control DIRECTORY   control.directory of the configuration (default ${DEFAULT_CONTROL})

Exit codes: 0 yes · 1 no · 69 nobody answers, or not within 10 s
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    const status = await ask(values.control, terminal.stopped);
    const { healthy, text } = values.ready
      ? readiness(status, { now: systemClock.now(), verbose: false })
      : alive(status);
    terminal.out(text);
    return healthy ? EXIT.ok : EXIT.failed;
  },
};

async function ask(directory: string, signal: AbortSignal): Promise<DaemonStatus> {
  try {
    return await fetchStatus(directory, signal);
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    if (reason !== "connect") throw thrown;
    throw new LeafdError(reason, message, { hint: "Start it, or name its control.directory with --control." });
  }
}

/** By the wall clock, the only one that two processes share; while leafd doubts it, that leafd answers has to do. */
function alive({ lastTick, clock }: DaemonStatus): Health {
  return liveness(lastTick === undefined || clock?.doubted === true ? 0 : systemClock.now() - lastTick);
}
