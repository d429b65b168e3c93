import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import { type Millis, parseDuration } from "../domain/units.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** What a command may use of the process it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Aborts at SIGTERM or SIGINT, with the name of the signal as its reason. */
  readonly stopped: AbortSignal;
  /** Aborts when nobody reads standard output any more (EPIPE): a command that goes on by itself then ends. */
  readonly outputClosed: AbortSignal;
  /** Calls back at each SIGHUP; undoes that when the signal aborts. */
  onHangup(callback: () => void, signal: AbortSignal): void;
  out(text: string): void;
  err(text: string): void;
  /** Of the terminal on standard output, as it is now; undefined when it is none. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its options: those that `run` takes, and that a shell completes. The help text tells each. */
  readonly options: ParseArgsOptionsConfig;
  /** What its operands are: names of services, files, or one of these words; absent: it takes none. */
  readonly operands?: "services" | "files" | readonly string[];
  /** The whole help text. */
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** A command line that is wrong: exit code 2, with the command's usage. */
export class UsageError extends Error {}

export const DEFAULT_CONFIG = "/etc/leafd/leafd.yaml";

/** The option that nearly every command has. */
export const CONFIG_OPTION = { config: { type: "string", short: "c", default: DEFAULT_CONFIG } } as const;

export const DEFAULT_CONTROL = "/var/lib/leafd/control";

/** Of the commands that need a running leafd more than its configuration, which may be broken while it runs. */
export const CONTROL_OPTION = { control: { type: "string" } } as const;

/** `parseArgs` with its errors as UsageError. */
export function parseOptions<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  positionals = false,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: positionals, strict: true });
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const isOperand = "code" in thrown && thrown.code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL";
    if (!isOperand || !("config" in options)) throw new UsageError(thrown.message);
    const [said] = thrown.message.split(". This command");
    throw new UsageError(`${said}; a configuration is named with --config FILE`);
  }
}

/** The value of an option that is a length of time; UsageError when it is none. */
export function durationOption(option: string, text: string): Millis {
  const value = parseDuration(text);
  if (value === undefined) throw new UsageError(`${option} ${text}: write a duration such as 90s, 5m or 1h`);
  return value;
}

/** An error for people: what is wrong, then what to do. */
export function explain(error: LeafdError): string {
  return `${error.message}${error.hint === undefined ? "" : `\n  ${error.hint}`}\n`;
}

/** The exit code that says what kind of failure ended a command. */
export function exitCodeOf(thrown: unknown): ExitCode {
  const { reason } = toLeafdError(thrown);
  if (reason === "config_invalid") return EXIT.config;
  if (reason === "state_locked") return EXIT.locked;
  if (reason === "internal") return EXIT.internal;
  return reason === "connect" || reason === "timeout" ? EXIT.unavailable : EXIT.failed;
}
