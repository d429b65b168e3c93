import { type ExaminedConfig, examineConfig } from "../config/load.ts";
import { ConfigError } from "../config/report.ts";
import { REMARK_CODES, type Remark } from "../domain/remark.ts";
import { systemClock } from "../runtime/clock.ts";
import { checkAnchors } from "./check/anchors.ts";
import { checkDirectories } from "./check/directories.ts";
import { checkFiles } from "./check/files.ts";
import { FORMATS, type Format } from "./check/formats.ts";
import { checkOnline } from "./check/online.ts";
import { checkReaders } from "./check/readers.ts";
import { type PlacedRemark, placeAll, placeErrors } from "./check/report.ts";
import { checkServices } from "./check/services.ts";
import { checkSurvival } from "./check/survival.ts";
import { checkWindows } from "./check/windows.ts";
import { CONFIG_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  "config-only": { type: "boolean", default: false },
  online: { type: "boolean", default: false },
  "spend-secret-id": { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  ignore: { type: "string", multiple: true },
  format: { type: "string", default: "text" },
  json: { type: "boolean", default: false },
} as const;

export const checkCommand: Command = {
  name: "check",
  summary: "Say what is wrong with the configuration, before a certificate does",
  options: OPTIONS,
  help: `Usage: leafd check [--config-only | --online [--spend-secret-id]] [--strict] [--ignore CODE]…
                   [--format text|json|github] [--config FILE]

Reads the configuration and says everything that is wrong with it, and what is unwise about it, each with its line, a
code, and what to do; docs/check.md has an entry for each code. Looks at the files it names and at the directories it
writes to. With --online also at every cluster: addresses, TLS, seal, clocks, login, and of each role, also of reserves,
the rights (capability "update"), leases, names, key type, whether it gives far more than its services need, whether its
certificates can survive the outage they are to survive, and whether the CA outlives them. Issues nothing and changes
nothing; run it as the user that leafd runs as. What it may not look at it calls "skipped", and says what it would take.

In the CI of a repository that holds configurations: leafd check --config-only --strict. Variables that the
configuration reads (\${NAME}) must be set there, or have a default.

Options:
      --config-only       look at the configuration alone, and not at this machine: where leafd does not run
      --online            also ask the servers
      --spend-secret-id   log in even where that uses up one use of a secret-id; a wrapped one is never unwrapped
      --strict            warnings are failures, too
      --ignore CODE       leave out warnings of this code, such as probe_missing; may be repeated
      --format FORMAT     text; json: one array of remarks; github: annotations for a workflow (default text)
      --json              the same as --format json
  -c, --config FILE       the configuration (default /etc/leafd/leafd.yaml)

Exit codes: 0 no errors (but warnings, or something skipped) · 1 errors on this machine or online, with --strict also
warnings · 78 wrong configuration
`,
  async run(args, terminal) {
    const options = optionsOf(args);
    let config: ExaminedConfig;
    try {
      config = await examineConfig({ file: options.config, env: terminal.env });
    } catch (thrown) {
      // For people the report of the program says it, with the source lines.
      if (!(thrown instanceof ConfigError) || options.format === "text") throw thrown;
      terminal.out(FORMATS[options.format](placeErrors(thrown)));
      return EXIT.config;
    }
    const placed = placeAll(config, await remarksOn(config, options, terminal));
    const said = placed.filter(({ severity, code }) => severity !== "warning" || !options.ignored.has(code));
    terminal.out(FORMATS[options.format](said));
    const fails = ({ severity }: PlacedRemark) => severity === "error" || (options.strict && severity === "warning");
    return said.some(fails) ? EXIT.failed : EXIT.ok;
  },
};

interface Options {
  readonly config: string;
  readonly configOnly: boolean;
  readonly online: boolean;
  readonly spendSecretId: boolean;
  readonly strict: boolean;
  readonly ignored: ReadonlySet<string | undefined>;
  readonly format: Format;
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseOptions(args, OPTIONS);
  const { config, online, strict, ignore = [], "config-only": configOnly, "spend-secret-id": spendSecretId } = values;
  if (configOnly && online) throw new UsageError("--config-only looks at no server; leave out one of it and --online");
  const format = values.json ? "json" : values.format;
  if (!isFormat(format)) throw new UsageError(`--format ${format}: write text, json or github`);
  const codes: readonly string[] = REMARK_CODES;
  for (const code of ignore)
    if (!codes.includes(code)) throw new UsageError(`--ignore ${code}: no remark has this code; docs/check.md has all`);
  return { config, configOnly, online, spendSecretId, strict, ignored: new Set(ignore), format };
}

function isFormat(format: string): format is Format {
  return Object.hasOwn(FORMATS, format);
}

/** Everything that is to be said of a configuration that can be used. */
async function remarksOn(config: ExaminedConfig, options: Options, terminal: Terminal): Promise<readonly Remark[]> {
  const { settings, files } = config;
  const [now, count] = [systemClock.now(), settings.services.length];
  const everywhere: readonly Remark[] = [
    { severity: "ok", subject: files.join(", "), message: `${count} ${count === 1 ? "service" : "services"}` },
    ...checkServices(settings, now),
    ...(await checkWindows(settings)),
  ];
  if (options.configOnly) return [...everywhere, MACHINE_SKIPPED];
  const isPod = terminal.env["KUBERNETES_SERVICE_HOST"] !== undefined;
  return [
    ...everywhere,
    ...checkFiles(settings),
    ...checkAnchors(settings, now),
    ...(await checkDirectories(settings)),
    ...checkReaders(settings, isPod),
    ...checkSurvival(settings, isPod),
    ...(options.online
      ? await checkOnline(settings, { spendSecretId: options.spendSecretId, signal: terminal.stopped })
      : []),
  ];
}

const MACHINE_SKIPPED: Remark = {
  severity: "skipped",
  code: "machine_skipped",
  subject: "this machine",
  message: "files, directories, accounts and servers were not looked at",
  hint: "Run leafd check --online where leafd runs, as its user.",
};
