import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPair } from "../../../mtls/pair.ts";
import type { Clock } from "../../../rotation/ports.ts";
import { freePort } from "../free-port.ts";
import { startRealVault } from "../real-vault.ts";
import { type Service, spiffeIdOf, startService } from "../services.ts";
import { setUpVault } from "../set-up.ts";
import { type DemoVault, startEmbeddedVault } from "../vault.ts";
import { Client } from "./client.ts";
import { type DrillSettings, drillConfig, LADDER, ladderOutput, secretIdFile, WEB } from "./config.ts";
import { type Disk, openDisk } from "./disk.ts";
import type { Journal } from "./journal.ts";
import { Leafd } from "./leafd.ts";
import { Traffic } from "./traffic.ts";
import { Web } from "./web.ts";

/** Everybody who is in the drill, running. Disposed in the reverse order of their start. */
export interface DrillStage extends AsyncDisposable {
  readonly main: DemoVault;
  readonly dr: DemoVault;
  readonly leafd: Leafd;
  readonly disk: Disk;
  readonly web: Web;
  /** Of `web`. */
  readonly client: Client;
  readonly traffic: Traffic;
  /** Gives `web` another type of key, in the configuration. */
  readonly configure: (key: "ec-p256" | "ec-p384") => Promise<void>;
  /** Where the certificate of a service is. */
  readonly outputOf: (service: string) => string;
}

export interface DrillStageOptions {
  /** For every file of the drill. */
  readonly directory: string;
  readonly realVault: boolean;
  /** The variable PATH. */
  readonly path: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly onLeafdEnd: (how: string) => void;
  readonly say: (line: string) => void;
  /** Of a service. */
  readonly tell: (service: string, line: string) => void;
}

/** Starts two Vaults, prepares them, starts leafd and its dependents, and waits until everything is as it should be. */
export async function setDrillStage(options: DrillStageOptions, stop: AbortSignal): Promise<DrillStage> {
  const { directory, clock, journal, say } = options;
  await using cleanUp = new AsyncDisposableStack();
  const disk = cleanUp.use(await openDisk({ ...options, directory: join(directory, "disk") }));
  const main = cleanUp.use(await startVault(options, "main"));
  const dr = cleanUp.use(await startVault(options, "dr"));
  const [port, metrics] = [await freePort(), `127.0.0.1:${await freePort()}`];
  const output = join(disk.directory, WEB);
  const web = new Web({ output, directory: join(directory, "web"), port, clock });
  const settings = await settingsFor(
    options,
    { main, dr, metrics },
    { directory: output, port, pidFile: web.pidFile, check: web.check },
  );
  const leafd = cleanUp.use(
    new Leafd({
      directory,
      metrics,
      onLog: (record) => void journal.add(record, clock.now()),
      onEnd: options.onLeafdEnd,
    }),
  );
  const configure = (key: "ec-p256" | "ec-p384") => leafd.configure(drillConfig(settings, key));
  await mkdir(join(directory, "live"));
  await configure("ec-p256");
  leafd.start();
  await first(journal, { event: "published", service: WEB }, stop);
  for (const service of LADDER) await first(journal, { event: "reserved", service }, stop);
  const outputOf = (service: string): string => (service === WEB ? output : ladderOutput(directory, service));
  const start = async (name: string, allow: Record<string, string[]>): Promise<Service> =>
    cleanUp.use(
      await startService(
        { name, directory: outputOf(name), allow, clock, say: (line) => options.tell(name, line) },
        stop,
      ),
    );
  const payments = await start("payments", { "GET /balance": [spiffeIdOf("orders")] });
  const orders = await start("orders", { "GET /orders": [spiffeIdOf("payments")] });
  await cleanUp.use(web).start();
  await first(journal, { event: "confirmed", service: WEB }, stop);
  const { trust } = await readPair(output);
  const client = new Client({ port, serverName: `${WEB}.demo`, trust, clock });
  const traffic = cleanUp.use(new Traffic({ payments, orders, client, clock }));
  say("everybody has a certificate, payments and orders a reserve too; handshakes go on from here to the end");
  const kept = cleanUp.move();
  const parts = { main, dr, leafd, disk, web, client, traffic, configure, outputOf };
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function startVault(options: DrillStageOptions, name: "main" | "dr"): Promise<DemoVault> {
  const { realVault, clock, say } = options;
  const vault = await (realVault ? startRealVault({ ...options, label: name }) : startEmbeddedVault(clock));
  say(`Vault "${name}": ${vault.name} at ${vault.address}`);
  return vault;
}

async function settingsFor(
  { directory }: DrillStageOptions,
  parts: { readonly main: DemoVault; readonly dr: DemoVault; readonly metrics: string },
  web: DrillSettings["web"],
): Promise<DrillSettings> {
  const cluster = async (name: "main" | "dr") => {
    const login = await setUpVault(parts[name], { root: `Root of ${name}`, roles: ["web", "reserve"] });
    await writeFile(secretIdFile(directory, name), login.secretId, { mode: 0o600 });
    return { address: parts[name].address, login };
  };
  return { directory, main: await cluster("main"), dr: await cluster("dr"), metrics: parts.metrics, web };
}

function first(journal: Journal, { event, service }: { event: string; service: string }, stop: AbortSignal) {
  const what = `${event} of ${service}`;
  return journal.next({ what, from: 0, fits: (entry) => entry.event === event && entry.service === service }, stop);
}
