import { ConfigError } from "../config/report.ts";
import { toLeafdError } from "../domain/errors.ts";
import { type Command, exitCodeOf, explain, type Terminal, UsageError } from "./command.ts";
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
}

/** argv → command → exit code. Whatever a command throws ends here, as a sentence and a documented number. */
export async function main(argv: readonly string[], proc: Host): Promise<ExitCode> {
  const terminal = terminalOf(proc);
  const [name, ...args] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(args[0], terminal);
  const load = COMMANDS[name === "--version" ? "version" : name];
  if (load === undefined) {
    terminal.err(`leafd: there is no command "${name}"; \`leafd help\` lists them\n`);
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

function fail(command: Command, thrown: unknown, terminal: Terminal): ExitCode {
  if (thrown instanceof UsageError) {
    terminal.err(`leafd ${command.name}: ${thrown.message}\n${command.help.split("\n")[0]}\n`);
    return EXIT.usage;
  }
  if (thrown instanceof ConfigError) {
    terminal.err(`${thrown.report}\n`);
    return EXIT.config;
  }
  const error = toLeafdError(thrown);
  const stack = error.reason === "internal" && error.cause instanceof Error ? `${error.cause.stack}\n` : "";
  terminal.err(`leafd ${command.name}: ${explain(error)}${stack}`);
  return exitCodeOf(error);
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

/** Whoever closes a pipe (`leafd status | head`) has seen enough: no error, and no stack. */
function closedSignal({ stdout, stderr }: Host): AbortSignal {
  const closed = new AbortController();
  const take = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    closed.abort();
  };
  stdout.on("error", take);
  stderr.on("error", take);
  return closed.signal;
}
