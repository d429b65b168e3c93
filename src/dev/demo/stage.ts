import { LeafdError } from "../../domain/errors.ts";
import { type Millis, SECOND } from "../../domain/units.ts";
import type { Clock } from "../../rotation/ports.ts";
import type { Child } from "./child.ts";
import { outputOf, startLeafd } from "./leafd-process.ts";
import { narrate } from "./narration.ts";
import { startRealVault } from "./real-vault.ts";
import { type Service, spiffeIdOf, startService } from "./services.ts";
import { setUpVault } from "./set-up.ts";
import { type DemoVault, startEmbeddedVault } from "./vault.ts";

/** Everybody who is in the demo, running. Disposed in the reverse order of their start. */
export interface Stage extends AsyncDisposable {
  readonly vault: DemoVault;
  readonly leafd: Child;
  readonly payments: Service;
  readonly orders: Service;
  /** Has a good certificate, and nobody allows it anything. */
  readonly intruder: Service;
}

interface StageOptions {
  /** For every file of the demo. */
  readonly directory: string;
  readonly realVault: boolean;
  /** The variable PATH. */
  readonly path: string;
  readonly ttl: Millis;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** For the first certificates, on a busy machine. */
const FIRST: Millis = 20 * SECOND;

/** Starts a Vault, prepares it, starts leafd, and the services as soon as they have certificates. */
export async function setStage(options: StageOptions, stop: AbortSignal): Promise<Stage> {
  const { directory, realVault, clock, say, ttl } = options;
  await using cleanUp = new AsyncDisposableStack();
  const vault = cleanUp.use(await (realVault ? startRealVault(options) : startEmbeddedVault(clock)));
  say(`Vault: ${vault.name} at ${vault.address}`);
  const login = await setUpVault(vault);
  say(`Vault: a PKI with a root, a role, and an AppRole that may sign with it; certificates live ${ttl / SECOND}s`);
  const onLog = (record: Parameters<typeof narrate>[0]) => {
    const line = narrate(record);
    if (line !== undefined) say(line);
  };
  const services = ["payments", "orders", "intruder"];
  const leafd = cleanUp.use(await startLeafd({ directory, address: vault.address, login, ttl, services, onLog }));
  const start = async (name: string, allow: Record<string, string[]>) =>
    cleanUp.use(await startService({ name, directory: outputOf(directory, name), allow, clock, say }, waiting));
  const waiting = AbortSignal.any([stop, AbortSignal.timeout(FIRST), endOf(leafd)]);
  try {
    const payments = await start("payments", { "GET /balance": [spiffeIdOf("orders")] });
    const orders = await start("orders", { "GET /orders": [spiffeIdOf("payments")] });
    const intruder = await start("intruder", {});
    const kept = cleanUp.move();
    return { vault, leafd, payments, orders, intruder, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  } catch (thrown) {
    if (stop.aborted || !waiting.aborted) throw thrown;
    throw new LeafdError("timeout", `the first certificates did not come; the last lines of leafd:\n${leafd.tail()}`);
  }
}

/** Aborts when the process has ended. */
export function endOf(child: Child): AbortSignal {
  const ended = new AbortController();
  void child.ended.then((how) => ended.abort(how));
  return ended.signal;
}
