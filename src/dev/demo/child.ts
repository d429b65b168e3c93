import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { SECOND } from "../../domain/units.ts";

/** Lines kept to explain an early end. */
const TAIL = 15;
/** Between SIGTERM and SIGKILL. */
const PATIENCE = 5 * SECOND;

export interface Child extends AsyncDisposable {
  /** Resolves when the process has ended, with how: `exit code 78`, `SIGKILL`, or why it never started. */
  readonly ended: Promise<string>;
  /** The last lines that it wrote. */
  tail(): string;
  /** Ends it as it is: SIGKILL. */
  kill(): void;
}

interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly onLine?: (line: string) => void;
}

/**
 * Starts a process in a clean environment and in a group of its own, so that Ctrl-C reaches this process alone, which
 * then ends the child in order. Disposed: SIGTERM, after five seconds SIGKILL. It does not outlive this process's exit.
 */
export function startChild({ command, args, directory, onLine }: ChildOptions): Child {
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const child = spawn(command, args, { cwd: directory, env: { HOME: directory }, detached: true, stdio: [...stdio] });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      if (lines.length > TAIL) lines.shift();
      onLine?.(line);
    });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "close").then(
    ([code, signal]) => (signal === null ? `exit code ${code}` : String(signal)),
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  return {
    ended,
    tail: () => lines.join("\n"),
    kill,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const impatience = setTimeout(kill, PATIENCE);
      await ended;
      clearTimeout(impatience);
      process.removeListener("exit", kill);
    },
  };
}
