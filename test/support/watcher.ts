import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a reader of an output directory met (test/fixtures/pair-reader.ts). */
export interface ReaderReport {
  readonly reads: number;
  /** Pairs of other bytes than the one before. */
  readonly generations: number;
  /** The key was not the certificate's. */
  readonly torn: number;
  /** Nothing could be read. */
  readonly missing: number;
  /** The certificate had ended. */
  readonly expired: number;
}

/** What a reader of certificate and key by their names met (test/fixtures/names-reader.ts). */
export type NamesReport = Omit<ReaderReport, "expired">;

/** What a client of a TLS server met (test/fixtures/handshake-client.ts). */
export interface ClientReport {
  readonly handshakes: number;
  readonly failures: readonly string[];
  /** Serial → when the first and the last handshake were given it, in milliseconds since 1970. */
  readonly served: Readonly<Record<string, { readonly first: number; readonly last: number }>>;
}

/** A process that looks on until it is asked for its report. */
export interface Watcher<Report> extends AsyncDisposable {
  /** Resolves when it has printed this line: a serial that it was served for the first time. */
  said(line: string): Promise<void>;
  /** Ends it. */
  report(): Promise<Report>;
}

/** Reads the pair in `directory` over and over; resolves when it has read it once. */
export function watchPair(directory: string): Promise<Watcher<ReaderReport>> {
  return watch("pair-reader.ts", [directory]);
}

/** Reads a certificate and then its key by their names; resolves when it has read a pair once. */
export function watchNames(certificate: string, key: string): Promise<Watcher<NamesReport>> {
  return watch("names-reader.ts", [certificate, key]);
}

/** Makes handshake after handshake with the server at a loopback port; resolves after the first. */
export function watchServer(port: number, name: string, rootsFile: string): Promise<Watcher<ClientReport>> {
  return watch("handshake-client.ts", [String(port), name, rootsFile]);
}

const PATIENCE = 30_000;

async function watch<Report>(program: string, args: readonly string[]): Promise<Watcher<Report>> {
  const path = join(import.meta.dirname, "../fixtures", program);
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "close").finally(() => process.removeListener("exit", kill));
  const lines: string[] = [];
  const output = createInterface(child.stdout).on("line", (line) => lines.push(line));
  const said = async (fits: (line: string) => boolean) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const news = () => once(output, "line", { signal }).then(() => false);
    while (!lines.some(fits)) {
      const over = await Promise.race([news(), ended.then(() => true)]).catch(() => true);
      if (over) throw new Error(`${program} did not say what was waited for:\n${lines.join("\n")}`);
    }
  };
  await said(() => true);
  return {
    said: (line) => said((each) => each === line),
    report: async () => {
      child.kill("SIGTERM");
      await ended;
      return JSON.parse(lines.at(-1) ?? "");
    },
    [Symbol.asyncDispose]: async () => {
      kill();
      await ended;
    },
  };
}
