import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { tempDir } from "./temp-dir.ts";

const PROGRAM = resolve(import.meta.dirname, "../fixtures/tls-dependent.mjs");

interface DependentOptions {
  /** Holds tls.crt and tls.key; both must be there by now. */
  readonly directory: string;
  /** Of loopback; default any. */
  readonly port?: number;
  /** SIGHUP changes nothing. */
  readonly ignoreHup?: boolean;
  /** Milliseconds after a SIGHUP in which every second connection, the first one included, meets the pair from before. */
  readonly drain?: number;
}

export interface TlsDependent extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** For reload steps: SIGHUP reloads, SIGUSR2 does what a restart would, also when SIGHUP is ignored. */
  readonly pidFile: string;
  /** What plays `nginx -t`: exits with 1 for files that do not load, and for what `refuse` says. */
  readonly check: readonly [string, ...string[]];
  /** From now on `check` refuses nothing, every pair, or every pair but the one with this serial. */
  refuse(what: "nothing" | "everything" | { readonly but: string }): Promise<void>;
  /**
   * The next line it prints that begins like this, and forgets those before: `served SERIAL`, `reloaded SERIAL`,
   * `restarted SERIAL`, `kept SERIAL CODE`, `ignored SIGHUP`, `drained`.
   */
  said(start: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a small TLS server of its own process that behaves as dependents do, and resolves when it listens. */
export async function startTlsDependent(options: DependentOptions): Promise<TlsDependent> {
  const { directory, port = 0, ignoreHup = false, drain = 0 } = options;
  await using cleanUp = new AsyncDisposableStack();
  const dir = cleanUp.use(await tempDir());
  const [pidFile, refusal] = [dir.join("pid"), dir.join("refuse")];
  const switches = [
    `--port=${port}`,
    `--drain=${drain}`,
    `--pid-file=${pidFile}`,
    ...(ignoreHup ? ["--ignore-hup"] : []),
  ];
  const child = spawn(process.execPath, [PROGRAM, ...switches, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit").finally(() => process.removeListener("exit", kill));
  const stop = async () => {
    kill();
    await ended;
  };
  cleanUp.defer(stop);
  const lines = on(createInterface(child.stdout), "line", { close: ["close"] });
  const said = async (start: string): Promise<string> => {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) throw new Error(`the dependent ended before it said ${start}`);
      const line = String(next.value[0]);
      if (line.startsWith(start)) return line;
    }
  };
  const listening = Number((await said("ready ")).replace("ready ", ""));
  const disposables = cleanUp.move();
  return {
    port: listening,
    pid: child.pid ?? 0,
    pidFile,
    check: [process.execPath, PROGRAM, "--check", `--refuse=${refusal}`, directory],
    refuse: (what) =>
      what === "nothing" ? rm(refusal, { force: true }) : writeFile(refusal, what === "everything" ? "" : what.but),
    said,
    stop,
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}
