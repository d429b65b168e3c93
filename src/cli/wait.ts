import { describeValidity, hasValidPair, type ServiceStatus } from "../domain/status.ts";
import type { Millis } from "../domain/units.ts";
import { systemClock } from "../runtime/clock.ts";
import { CONFIG_OPTION, type Command, durationOption, parseOptions } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { type Place, placeOf } from "./place.ts";
import { findStatus } from "./status/source.ts";

/** How soon a new pair is seen: a dependent that starts later by this much does not mind. */
const LOOK_EVERY: Millis = 500;

const OPTIONS = { ...CONFIG_OPTION, timeout: { type: "string", default: "5m" } } as const;

export const waitCommand: Command = {
  name: "wait",
  summary: "Wait until services have a valid certificate: the gate before a dependent starts",
  options: OPTIONS,
  operands: "services",
  help: `Usage: leafd wait [SERVICE...] [--timeout 5m] [--config FILE]

Ends as soon as each named service, or without a name each required one, has a valid pair on disk. Asks the running
leafd, and looks at the disk itself as long as none runs; issues nothing and changes nothing. A pair that is there
already is good enough, also while Vault is down.

Options:
      --timeout DURATION   give up after this long (default 5m)
  -c, --config FILE        the configuration (default /etc/leafd/leafd.yaml)

Exit codes: 0 each has a valid pair · 1 one has not, and the time is over, or no such service · 78 wrong configuration
`,
  async run(args, terminal) {
    const { values, positionals: names } = parseOptions(args, OPTIONS, true);
    const timeout = durationOption("--timeout", values.timeout);
    const place = await placeOf(values, terminal);
    const end = systemClock.monotonic() + timeout;
    for (;;) {
      const lacking = await lackingPair({ place, names }, terminal.stopped);
      if (lacking.length === 0) return EXIT.ok;
      if (systemClock.monotonic() >= end || terminal.stopped.aborted) {
        const now = systemClock.now();
        for (const service of lacking) terminal.err(`${service.name}: ${describeValidity(service, now)}\n`);
        return EXIT.failed;
      }
      await systemClock.sleep(LOOK_EVERY, terminal.stopped).catch(() => undefined);
    }
  },
};

interface Question {
  readonly place: Place;
  readonly names: readonly string[];
}

/** Those of the named services, else of the required ones, that have no valid pair. */
async function lackingPair(question: Question, signal: AbortSignal): Promise<readonly ServiceStatus[]> {
  const { services } = (await findStatus(question, signal)).status;
  const now = systemClock.now();
  return services.filter((service) => (question.names.length > 0 || service.required) && !hasValidPair(service, now));
}
