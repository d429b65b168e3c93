import { spawn } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "./wait-for.ts";

interface ProgramOptions {
  /** True once it serves, by what it has printed so far or by looking at it. */
  readonly ready: (output: string) => boolean | Promise<boolean>;
  /** The signal that ends it; default SIGTERM. */
  readonly end?: NodeJS.Signals;
  /** Milliseconds until it must be ready; default 30 s. */
  readonly within?: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** All that it has printed, on both streams. */
  output(): string;
  /** Ends it; resolves when it has gone. */
  stop(): Promise<void>;
}

/**
 * A real server in the foreground; resolves when it is ready. One that ends before that, or is not installed, fails the
 * test and says what it printed.
 */
export async function startProgram(argv: readonly [string, ...string[]], options: ProgramOptions): Promise<Program> {
  const { ready, end = "SIGTERM", within = 30_000, uid, gid } = options;
  const [command, ...args] = argv;
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk));
  const kill = () => child.kill(end);
  process.once("exit", kill);
  const ended = once(child, "exit").finally(() => process.removeListener("exit", kill));
  const failed = ended.then(
    () => {
      throw new Error(`${command} did not start: ${printed}`);
    },
    (cause: unknown) => {
      throw new Error(`${command} is not installed here, and this test is about a real one: install it`, { cause });
    },
  );
  await Promise.race([waitFor(() => ready(printed), { what: `${command} to be ready`, within }), failed]);
  failed.catch(() => {});
  const stop = async () => {
    child.kill(end);
    await ended;
  };
  return { pid: child.pid ?? 0, output: () => printed, stop, [Symbol.asyncDispose]: stop };
}
