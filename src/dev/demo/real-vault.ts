import { access, constants, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { LeafdError } from "../../domain/errors.ts";
import { SECOND } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";
import { type Child, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { callVault, type DemoVault, operate } from "./vault.ts";

/** How long a server may take to listen. */
const START = 15 * SECOND;

interface RealVaultOptions {
  readonly clock: Clock;
  /** Where its configuration goes; what it stores stays in memory. */
  readonly directory: string;
  /** The variable PATH. */
  readonly path: string;
  /** Tells two servers in one directory apart. */
  readonly label?: string;
}

/** Starts the `bao` or `vault` of PATH, initialised with one key. LeafdError `connect` when there is none to be had. */
export async function startRealVault(options: RealVaultOptions): Promise<DemoVault> {
  const { clock, directory, path, label = "vault" } = options;
  const command = await findServer(path);
  const address = `127.0.0.1:${await freePort()}`;
  const settings = {
    storage: { inmem: {} },
    listener: [{ tcp: { address, tls_disable: true } }],
    api_addr: `http://${address}`,
    cluster_addr: `https://127.0.0.1:${await freePort()}`,
    disable_mlock: true,
  };
  const config = join(directory, `${label}.json`);
  await writeFile(config, JSON.stringify(settings));
  await using cleanUp = new AsyncDisposableStack();
  const child = cleanUp.use(startChild({ command, args: ["server", `-config=${config}`], directory }));
  await untilItAnswers(settings.api_addr, child, clock);
  const rootToken = await initialise(settings.api_addr);
  const kept = cleanUp.move();
  return operate({ name: command, address: settings.api_addr, ...rootToken, stop: () => kept.disposeAsync() });
}

async function findServer(path: string): Promise<string> {
  for (const directory of path.split(delimiter))
    for (const name of ["bao", "vault"]) {
      const candidate = join(directory, name);
      const found = await access(candidate, constants.X_OK).then(
        () => candidate,
        () => undefined,
      );
      if (found !== undefined) return found;
    }
  throw new LeafdError("connect", "there is no bao and no vault on PATH", {
    hint: "Install OpenBao or Vault, or leave --vault out: the demo then brings its own.",
  });
}

async function untilItAnswers(address: string, child: Child, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + START;
  const ended = child.ended.then((how) => {
    throw new LeafdError("connect", `the Vault did not start (${how}):\n${child.tail()}`);
  });
  for (;;) {
    const answer = callVault(address, { method: "GET", path: "sys/seal-status" });
    const answers = await Promise.race([
      ended,
      answer.then(
        () => true,
        () => false,
      ),
    ]);
    if (answers) return;
    if (clock.monotonic() > deadline) throw new LeafdError("timeout", `the Vault does not answer:\n${child.tail()}`);
    await clock.sleep(100);
  }
}

async function initialise(address: string): Promise<{ rootToken: string; unsealKey: string }> {
  const body = { secret_shares: 1, secret_threshold: 1 };
  const { root_token: rootToken, keys } = await callVault(address, { method: "PUT", path: "sys/init", body });
  const unsealKey: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof rootToken !== "string" || typeof unsealKey !== "string")
    throw new LeafdError("bad_response", "sys/init gave no root token and no key");
  await callVault(address, { method: "PUT", path: "sys/unseal", body: { key: unsealKey } });
  return { rootToken, unsealKey };
}
