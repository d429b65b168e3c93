import { ConfigError } from "../config/report.ts";
import { toLeafdError } from "../domain/errors.ts";
import { type Command, DEFAULT_CONTROL, exitCodeOf, explain, type Terminal, UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { type Stoppable, stopSignal } from "./stop-signal.ts";

interface Stream {
  write(text: string): unknown;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** What the program needs of the process it runs in. */
interface Host extends Stoppable {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Stream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Stream;
  exitCode?: number | string | null | undefined;
}

/** argv → command → exit code. Whatever a command throws ends here, as a sentence and a documented number. */
export async function main(argv: readonly string[], proc: Host): Promise<ExitCode> {
  const terminal = terminalOf(proc);
  const [name, ...args] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(args[0], terminal);
  const load = COMMANDS[name === "--version" ? "version" : name];
  if (load === undefined) {
    const advice = name.startsWith("-") ? "options come after the command" : "`leafd help` lists them";
    terminal.err(`leafd: there is no command "${name}"; ${advice}\n`);
    return EXIT.usage;
  }
  const command = await load();
  if (args.includes("--help") || args.includes("-h")) return help(name, terminal);
  try {
    return await command.run(args, terminal);
  } catch (thrown) {
    return fail(command, thrown, terminal);
  }
}

const RUNNING_STILL = `A leafd that runs goes on with the configuration before it; ask it with --control ${DEFAULT_CONTROL}\n`;

function fail(command: Command, thrown: unknown, terminal: Terminal): ExitCode {
  if (thrown instanceof UsageError) {
    terminal.err(`leafd ${command.name}: ${thrown.message}\n${usageOf(command)}\n`);
    return EXIT.usage;
  }
  if (thrown instanceof ConfigError) {
    terminal.err(`${thrown.report}\n`);
    if ("control" in command.options) terminal.err(RUNNING_STILL);
    return EXIT.config;
  }
  const error = toLeafdError(thrown);
  // Ctrl-C in the middle of a question: no answer, and no defect.
  if (terminal.stopped.aborted && (thrown === terminal.stopped.reason || error.reason === "cancelled")) {
    terminal.err(`leafd ${command.name}: stopped before it ended\n`);
    return EXIT.failed;
  }
  const stack = error.reason === "internal" && error.cause instanceof Error ? `${error.cause.stack}\n` : "";
  terminal.err(`leafd ${command.name}: ${explain(error)}${stack}`);
  return exitCodeOf(error);
}

/** The paragraph of the help that shows how a command is written. */
function usageOf({ help: text }: Command): string {
  return text.slice(0, text.indexOf("\n\n"));
}

async function help(name: string | undefined, terminal: Terminal): Promise<ExitCode> {
  const load = name === undefined ? undefined : COMMANDS[name];
  if (load !== undefined) {
    terminal.out((await load()).help);
    return EXIT.ok;
  }
  const commands = await Promise.all(Object.values(COMMANDS).map((each) => each()));
  const list = commands.map((command) => `  ${command.name.padEnd(13)}${command.summary}`).join("\n");
  terminal.out(`leafd keeps a valid, verified and live TLS certificate under every service, issued by Vault PKI.

Usage: leafd COMMAND [options]

Commands:
${list}

\`leafd help COMMAND\` says more. The configuration is read from /etc/leafd/leafd.yaml unless --config names another file.

Exit codes: 0 done · 1 the answer is no, or a service has no valid certificate · 2 wrong command line ·
69 nobody answers (no daemon, no Vault) · 70 defect in leafd · 75 another leafd holds the state directory ·
78 wrong configuration
`);
  return name === undefined || name.startsWith("-") ? EXIT.ok : EXIT.usage;
}

function terminalOf(proc: Host): Terminal {
  return {
    env: proc.env,
    pid: proc.pid,
    stopped: stopSignal(proc),
    outputClosed: closedSignal(proc),
    onHangup(callback, signal) {
      proc.on("SIGHUP", callback);
      signal.addEventListener("abort", () => proc.off("SIGHUP", callback), { once: true });
    },
    out: (text) => void proc.stdout.write(text),
    err: (text) => void proc.stderr.write(text),
    size() {
      const { isTTY, columns = 80, rows = 24 } = proc.stdout;
      return isTTY ? { columns, rows } : undefined;
    },
  };
}

/**
 * Whoever closes a pipe (`leafd status | head`) has seen enough: no error, and no stack. What cannot be written for
 * another reason, such as a full disk, makes the command fail, and is said where there is another stream to say it.
 */
function closedSignal(proc: Host): AbortSignal {
  const closed = new AbortController();
  const lose = ({ code }: NodeJS.ErrnoException): void => {
    closed.abort();
    if (code !== "EPIPE") proc.exitCode ||= EXIT.failed;
  };
  proc.stderr.on("error", lose);
  proc.stdout.on("error", (error) => {
    lose(error);
    if (error.code !== "EPIPE") proc.stderr.write(`leafd: standard output cannot be written: ${error.message}\n`);
  });
  return closed.signal;
}
