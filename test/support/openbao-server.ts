import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { findOpenBao } from "./openbao-binary.ts";
import { noteServer } from "./server-log.ts";
import { tempDir } from "./temp-dir.ts";
import { type TestVault, testVault } from "./test-vault.ts";
import { createTlsFiles } from "./tls-files.ts";
import { vaultRequest } from "./vault-request.ts";
import { waitFor } from "./wait-for.ts";

export interface OpenBaoOptions {
  /** Serve https with a throw-away CA (`caFile`). Client certificates are asked for and not demanded. */
  readonly tls?: boolean;
  /** Listen on this unix socket as well. */
  readonly unixSocket?: string;
  /** Keep the storage on disk, so that `restart()` works; slower. */
  readonly persistent?: boolean;
  /** Write an audit log there: a JSON line for each request and each response. */
  readonly auditFile?: string;
}

/** Starts a real server on a free loopback port, initialised with one key and unsealed. Rejects when there is no binary. */
export async function startOpenBao(options: OpenBaoOptions = {}): Promise<TestVault> {
  noteServer("openbao");
  const binary = await findOpenBao((line) => console.error(`# ${line}`));
  if (binary === undefined) throw new Error("there is no OpenBao binary and none could be fetched");
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(await tempDir());
  const tls = options.tls === true ? await createTlsFiles(directory.path) : undefined;
  const ca = tls && (await readFile(tls.caFile, "utf8"));
  const port = await freePort();
  const address = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  const config = directory.join("server.json");
  const protection = tls ? { tls_cert_file: tls.certFile, tls_key_file: tls.keyFile } : { tls_disable: true };
  const unix = options.unixSocket ? [{ unix: { address: options.unixSocket, tls_disable: true } }] : [];
  if (options.persistent === true) await mkdir(directory.join("storage"));
  const settings = {
    storage: options.persistent
      ? { raft: { path: directory.join("storage"), node_id: "only", performance_multiplier: "1" } }
      : { inmem: {} },
    listener: [{ tcp: { address: `127.0.0.1:${port}`, ...protection } }, ...unix],
    api_addr: address,
    cluster_addr: `https://127.0.0.1:${await freePort()}`,
    log_level: "warn",
    ...(options.auditFile === undefined ? {} : { audit: [fileAudit(options.auditFile)] }),
  };
  await writeFile(config, JSON.stringify(settings));

  const raw = (method: string, path: string, body?: unknown) =>
    vaultRequest({ method, url: new URL(`/v1/${path}`, address), body, options: {}, ...(ca ? { ca } : {}) });
  const start = async () => {
    const started = launch(binary, ["server", `-config=${config}`], directory.path);
    const listening = async () => started.ended() || (await raw("GET", "sys/health"));
    await waitFor(listening, { what: "OpenBao to answer", within: 30_000 });
    if (started.ended()) throw new Error(`OpenBao did not start:\n${started.output()}`);
    return started;
  };
  let child = await start();
  resources.defer(() => child.stop());
  const initialised = await raw("PUT", "sys/init", { secret_shares: 1, secret_threshold: 1 });
  const vault = testVault({
    kind: "openbao",
    version: String((await raw("GET", "sys/health")).body["version"]),
    address,
    rootToken: String(initialised.body["root_token"]),
    unsealKey: String(initialised.body.keys[0]),
    ...(tls && ca ? { ca, caFile: tls.caFile } : {}),
    stop: () => kept.disposeAsync(),
    restart: async () => {
      if (options.persistent !== true) throw new Error("only a persistent server can be restarted");
      await child.stop();
      child = await start();
    },
  });
  await vault.unseal();
  const kept = resources.move();
  return vault;
}

function fileAudit(file: string) {
  return { type: "file", path: "file", options: { file_path: file } };
}

interface Running {
  ended(): boolean;
  /** The last lines it wrote. */
  output(): string;
  stop(): Promise<void>;
}

/** The child gets a clean environment, and dies with this process. */
function launch(binary: string, argv: readonly string[], home: string): Running {
  const child = spawn(binary, argv, { env: { HOME: home }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keepTail = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000));
  child.stdout.on("data", keepTail);
  child.stderr.on("data", keepTail);
  const exited = once(child, "exit");
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    ended,
    output: () => output,
    stop: async () => {
      process.removeListener("exit", kill);
      if (!ended()) kill();
      await exited;
    },
  };
}
