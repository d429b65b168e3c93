import { readFile } from "node:fs/promises";
import { type DevVault, startDevVault } from "../../src/dev/server.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { noteServer } from "./server-log.ts";
import { tempDir } from "./temp-dir.ts";
import { type TestVault, testVault } from "./test-vault.ts";
import { createTlsFiles } from "./tls-files.ts";

interface EmbeddedOptions {
  /** Serve https with a throw-away CA (`caFile`). */
  readonly tls?: boolean;
  /** Milliseconds since 1970; default: the machine's clock. */
  readonly now?: () => number;
}

/** The embedded development Vault of `src/dev`, as a `TestVault` with its fault switches. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<TestVault & Pick<DevVault, "faults">> {
  noteServer("embedded");
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(await tempDir());
  const tls = options.tls === true ? await createTlsFiles(directory.path) : undefined;
  const pair = tls && { key: await readFile(tls.keyFile, "utf8"), cert: await readFile(tls.certFile, "utf8") };
  const server = await startDevVault({ now: options.now ?? (() => systemClock.now()), ...(pair ? { tls: pair } : {}) });
  resources.use(server);
  const kept = resources.move();
  const vault = testVault({
    kind: "embedded",
    version: "0.0.0-dev",
    address: server.address,
    rootToken: server.rootToken,
    unsealKey: server.unsealKey,
    ...(tls ? { caFile: tls.caFile, ca: await readFile(tls.caFile, "utf8") } : {}),
    stop: () => kept.disposeAsync(),
    restart: () => Promise.reject(new Error("the embedded server keeps nothing: it cannot be restarted")),
  });
  return Object.assign(vault, { faults: server.faults });
}
