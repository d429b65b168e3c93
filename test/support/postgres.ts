import { execFile } from "node:child_process";
import { chown, glob, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PairMaterial } from "../../src/domain/inspection.ts";
import { type Program, startProgram } from "./server-program.ts";
import { tempDir } from "./temp-dir.ts";

const run = promisify(execFile);

/** PostgreSQL does not run as root: there it becomes this one. */
const NOBODY = { uid: 65_534, gid: 65_534 };

interface PostgresOptions {
  readonly port: number;
  /** The pair that it serves; absent: no TLS. */
  readonly material?: PairMaterial;
}

export interface Postgres extends Program {
  /** Puts another pair where the first one was; the server reads it at its next SIGHUP. */
  publish(material: PairMaterial): Promise<void>;
}

/**
 * A real PostgreSQL on loopback, with a cluster of its own that is thrown away; resolves when it takes connections. A
 * machine without one fails the test.
 */
export async function startPostgres({ port, material }: PostgresOptions): Promise<Postgres> {
  await using cleanUp = new AsyncDisposableStack();
  const dir = cleanUp.use(await tempDir());
  const identity = process.getuid?.() === 0 ? NOBODY : undefined;
  if (identity !== undefined) await chown(dir.path, identity.uid, identity.gid);
  const data = dir.join("data");
  const bin = await binaries();
  const initdb = ["-D", data, "-U", "leafd", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"];
  await run(join(bin, "initdb"), initdb, { cwd: dir.path, ...identity });
  const publish = async ({ certificate, privateKey }: PairMaterial): Promise<void> => {
    await writeFile(join(data, "server.crt"), certificate);
    await writeFile(join(data, "server.key"), privateKey.reveal(), { mode: 0o600 });
    if (identity !== undefined) await chown(join(data, "server.key"), identity.uid, identity.gid);
  };
  if (material !== undefined) await publish(material);
  const settings = { port, ssl: material === undefined ? "off" : "on", unix_socket_directories: "", fsync: "off" };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const program = await startProgram([join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", ...options], {
    ready: (output) => output.includes("ready to accept connections"),
    end: "SIGINT",
    ...identity,
  });
  cleanUp.use(program);
  const disposables = cleanUp.move();
  return { ...program, publish, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
}

/** Debian keeps the server's programs of each version in a directory of their own, outside PATH. */
async function binaries(): Promise<string> {
  const found = await Array.fromAsync(glob("/usr/lib/postgresql/*/bin"));
  const newest = found.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  if (newest === undefined) throw new Error("PostgreSQL is not installed here, and this test is about a real one");
  return newest;
}
