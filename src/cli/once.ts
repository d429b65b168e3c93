import type { LoadedConfig } from "../config/load.ts";
import { Daemon } from "../daemon.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Trouble } from "../domain/state.ts";
import { formatDuration, type Millis } from "../domain/units.ts";
import { createMetrics, type MetricSources } from "../observe/metrics.ts";
import { fanOut } from "../observe/sinks.ts";
import { createTally } from "../observe/tally.ts";
import { ensure, isGood, type OnceOptions } from "../rotation/once.ts";
import type { ServiceRunner } from "../rotation/runner.ts";
import { systemClock } from "../runtime/clock.ts";
import { keepHeapSmall } from "../runtime/heap.ts";
import { CONFIG_OPTION, type Command, durationOption, parseOptions, type Terminal } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { onceBesideRunning } from "./once-beside.ts";
import { openLog } from "./open-log.ts";
import { readConfig } from "./read-config.ts";
import { textfileOption, writeTextfile } from "./textfile.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  timeout: { type: "string", default: "5m" },
  "min-remaining": { type: "string", default: "0s" },
  reload: { type: "boolean", default: false },
  takeover: { type: "boolean", default: false },
  textfile: { type: "string" },
  "accept-running": { type: "boolean", default: false },
} as const;

export const onceCommand: Command = {
  name: "once",
  summary: "Issue what is missing and end: for init containers and boot",
  options: OPTIONS,
  help: `Usage: leafd once [--timeout 5m] [--min-remaining 0s] [--reload] [--takeover] [--textfile FILE]
                  [--accept-running] [--config FILE]

Makes sure that every service has a valid pair on disk, then ends. What is valid already costs nothing and needs no
Vault; what is missing, damaged or no longer what the configuration asks for is issued, with retries until the timeout.
A \`leafd run\` that starts afterwards on the same volume issues nothing.

Options:
      --timeout DURATION        give up after this long (default 5m)
      --min-remaining DURATION  replace a pair that lives shorter than this (default 0s: any valid pair is good enough)
      --reload                  also tell the dependents (default: the leafd that runs later does)
      --takeover                take output directories that another leafd has claimed
      --textfile FILE           write the metrics of its end there, also when a service failed, for the textfile
                                collector of node_exporter: FILE ends in .prom and is replaced in one step, 0644. One
                                that cannot be written is said and fails nothing: alert on its age
                                (node_textfile_mtime_seconds) too
      --accept-running          when another leafd holds the state directory, say how that one's services are and end by
                                that: for an init that is started again beside its sidecar (docker compose up)
  -c, --config FILE             the configuration (default /etc/leafd/leafd.yaml)

Prints a line a service; below one that failed, what to do. The log goes to standard error.

Exit codes: 0 every required service has a valid pair (and with --reload, has been told) · 1 one has not ·
75 another leafd holds the state directory · 78 wrong configuration
`,
  async run(args, terminal) {
    const { values } = parseOptions(args, OPTIONS);
    keepHeapSmall();
    const wish: Wish = {
      timeout: durationOption("--timeout", values.timeout),
      minRemaining: durationOption("--min-remaining", values["min-remaining"]),
      reload: values.reload,
      takeover: values.takeover,
      textfile: textfileOption(values.textfile),
    };
    const config = await readConfig(values.config, terminal);
    try {
      return await issueMissing(config, wish, terminal);
    } catch (thrown) {
      if (!values["accept-running"]) throw thrown;
      return await onceBesideRunning(thrown, config.settings, terminal);
    }
  },
};

/** What the command line asks for. */
interface Wish {
  readonly timeout: Millis;
  readonly minRemaining: Millis;
  readonly reload: boolean;
  readonly takeover: boolean;
  readonly textfile: string | undefined;
}

async function issueMissing(config: LoadedConfig, wish: Wish, terminal: Terminal): Promise<ExitCode> {
  const { minRemaining, reload, takeover, textfile } = wish;
  const clock = systemClock;
  const { env: environment, pid } = terminal;
  const tally = createTally();
  const emit = fanOut(openLog(config.settings.log, terminal), tally.emit);
  await using daemon = new Daemon(config, { clock, emit, environment, pid, takeover, upkeep: false });
  const runners = await daemon.prepare();
  const goal = { clock, minRemaining, reload };
  await ensureAll(runners, goal, AbortSignal.any([terminal.stopped, AbortSignal.timeout(wish.timeout)]));
  if (textfile !== undefined) await writeMetrics(textfile, { tally, status: () => daemon.status(), clock }, terminal);
  await daemon.release();
  return report(runners, goal, terminal);
}

/** The certificates are what matters: metrics that cannot be written are no reason to fail, and their age is alerted on. */
async function writeMetrics(file: string, sources: MetricSources, terminal: Terminal): Promise<void> {
  const { body } = await createMetrics({ ...sources, ofProcess: false })();
  try {
    writeTextfile(file, body);
  } catch (thrown) {
    const { message } = toLeafdError(thrown);
    terminal.err(`the metrics were not written: ${message}\n  Let leafd write to the directory of --textfile.\n`);
  }
}

/** Until all required services are good or the signal aborts; the others are tried meanwhile, and at least once. */
async function ensureAll(runners: readonly ServiceRunner[], goal: OnceOptions, signal: AbortSignal): Promise<void> {
  const impatience = new AbortController();
  const work = (runner: ServiceRunner) => {
    const options = runner.spec.required ? goal : { ...goal, patience: impatience.signal };
    return ensure(runner, options, signal).catch((thrown: unknown) => {
      // The end of the time is an outcome, not an error: the report says who is not done.
      if (!signal.aborted) throw thrown;
    });
  };
  const optional = Promise.all(runners.filter(({ spec }) => !spec.required).map(work));
  await Promise.all(runners.filter(({ spec }) => spec.required).map(work));
  impatience.abort();
  await optional;
}

function report(runners: readonly ServiceRunner[], goal: OnceOptions, terminal: Terminal): ExitCode {
  const failed = runners.filter((runner) => {
    const problem = problemOf(runner, goal);
    terminal.out(`${lineOf(runner, problem?.message, goal)}\n`);
    if (problem?.hint !== undefined) terminal.out(`  ${problem.hint}\n`);
    return problem !== undefined && runner.spec.required;
  });
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

/** What keeps a service from being done, and what to do about it where that is known. */
type Obstacle = Pick<Trouble, "message" | "hint">;

function problemOf(runner: ServiceRunner, goal: OnceOptions): Obstacle | undefined {
  const { current, rotationTrouble, reloadTrouble, reloadOwed } = runner.state;
  if (!isGood(runner, goal)) {
    if (rotationTrouble !== undefined) return toldOf(rotationTrouble);
    const isThere = current !== undefined;
    return {
      message: isThere ? "not what the configuration asks for, or shorter than --min-remaining" : "out of time",
    };
  }
  if (!goal.reload || !reloadOwed) return undefined;
  const { message, ...hint } = reloadTrouble === undefined ? { message: "out of time" } : toldOf(reloadTrouble);
  return { message: `reload owed: ${message}`, ...hint };
}

function toldOf({ reason, message, hint }: Trouble): Obstacle {
  return { message: `${reason}: ${message}`, ...(hint === undefined ? {} : { hint }) };
}

function lineOf({ spec, state }: ServiceRunner, problem: string | undefined, { clock }: OnceOptions): string {
  const { current, rotations } = state;
  const left = current === undefined ? "no certificate" : `ends in ${formatDuration(current.notAfter - clock.now())}`;
  const done = rotations > 0 ? "issued" : "valid";
  if (problem === undefined) return `${spec.name}: ${done}, ${left}`;
  return `${spec.name}: ${spec.required ? "FAILED" : "failed (not required)"}, ${left}: ${problem}`;
}
