import { type FaultProxy, faultProxy } from "../support/fault-proxy.ts";
import { freePort } from "../support/free-port.ts";
import { type LeafdPlace, leafdPlace, type Services } from "../support/leafd-place.ts";
import type { LeafdProcess, LogLine } from "../support/leafd-process.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { startOpenBao, type TestVault } from "../support/vault-server.ts";
import { type InvariantReport, watchInvariants } from "./invariants.ts";
import type { Outcome, Scene } from "./row.ts";

/*
 * The stage of a row about Vault: a real OpenBao, a proxy that can spoil what passes, the real leafd, a reader of each
 * output directory. A row plays on it and answers its figure; what it throws or finds wanting makes the row a fail.
 */

export interface StageOptions {
  /** As in `LeafdPlace.text`. */
  readonly services: Services;
  /** Laid over the top level of the configuration; given the place, because secrets and files lie there. */
  readonly settings?: (place: LeafdPlace, addresses: Addresses) => Promise<Readonly<Record<string, unknown>>>;
  /** The life of a certificate, in seconds. Default 12: renewal comes 7 to 8 s after the first. */
  readonly ttl?: number;
  readonly pki?: Parameters<typeof setUpPki>[1];
  readonly server?: Parameters<typeof startOpenBao>[0];
  /** Certificates that the fault may cost beyond those that leafd published. Default none. */
  readonly spare?: number;
  /** How leafd is started. */
  readonly start?: Parameters<LeafdPlace["start"]>[2];
  /** Further secrets that nobody may be told. */
  readonly canaries?: readonly string[];
}

/** Where Vault is to be found. */
export interface Addresses {
  /** The real server. */
  readonly vault: string;
  /** The proxy before it; the configuration names this one unless a row says otherwise. */
  readonly proxy: string;
}

export interface Stage {
  readonly vault: TestVault;
  readonly pki: TestPki;
  readonly proxy: FaultProxy;
  readonly place: LeafdPlace;
  /** The leafd that runs now. */
  readonly leafd: LeafdProcess;
  /** Ends leafd (SIGTERM) and starts it again. */
  readonly restart: () => Promise<void>;
  /** Notes a violation unless it holds; the row goes on. */
  readonly expect: (holds: boolean, otherwise: string) => void;
}

/** Sets the stage, lets leafd publish every service once, and plays. `play` answers the figure. */
export async function onStage(
  scene: Scene,
  options: StageOptions,
  play: (stage: Stage) => Promise<string>,
): Promise<Outcome> {
  const { resources } = scene;
  const { ttl = 12, spare = 0 } = options;
  const vault = resources.use(await startOpenBao(options.server));
  const roleSettings = { ttl: `${ttl}s`, no_store: false, ...options.pki?.roleSettings };
  const pki = await setUpPki(vault, { ...options.pki, roleSettings });
  const proxy = resources.use(await faultProxy({ to: vault.address }));
  const place = resources.use(await leafdPlace({ vault: { address: proxy.address }, pki }));
  const port = await freePort();
  const settings = await options.settings?.(place, { vault: vault.address, proxy: proxy.address });
  await place.configure(options.services, { observe: { listen: `127.0.0.1:${port}` }, ...settings });
  const names = Object.keys(options.services);
  const watch = resources.use(
    await watchInvariants({
      directories: names.map((name) => place.live(name)),
      canaries: [pki.secretId, vault.rootToken, ...(options.canaries ?? [])],
    }),
  );
  const told: string[] = [];
  const problems: string[] = [];
  const all: LogLine[] = [];
  let leafd = resources.use(place.start("run", [], options.start));
  const stop = async (): Promise<void> => {
    told.push(...(await asked(place, port)));
    const { stdout, stderr } = await leafd.stop();
    told.push(stdout, stderr, JSON.stringify(leafd.log));
    all.push(...leafd.log);
  };
  const stage: Stage = {
    vault,
    pki,
    proxy,
    place,
    get leafd() {
      return leafd;
    },
    restart: async () => {
      await stop();
      leafd = resources.use(place.start("run", [], options.start));
    },
    expect: (holds, otherwise) => {
      if (!holds) problems.push(otherwise);
    },
  };
  let figure = "it broke off";
  try {
    await leafd.each("published", ...names);
    figure = await play(stage);
  } catch (thrown) {
    problems.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), leafd.tail());
  }
  await proxy.heal();
  await stop();
  const published = all.filter((line) => line.event === "published").length;
  const report = await watch.end({ told, issued: await pki.issued(), budget: published + spare });
  return outcome(figure, problems, report);
}

/** What an operator can ask a running leafd for. */
async function asked(place: LeafdPlace, port: number): Promise<string[]> {
  const { stdout, stderr } = await place.run("status", ["--json"]);
  const pages = ["/metrics", "/readyz?verbose"].map(async (page) => {
    const reply = await fetch(`http://127.0.0.1:${port}${page}`).catch(() => undefined);
    return (await reply?.text()) ?? "";
  });
  return [stdout, stderr, ...(await Promise.all(pages))];
}

function outcome(figure: string, own: readonly string[], report: InvariantReport): Outcome {
  const problems = [...own, ...report.problems];
  const reads = report.seen.reduce((sum, { reads: count }) => sum + count, 0);
  const read = reads === 0 ? ["the reader read nothing"] : [];
  const verdict = problems.length + read.length === 0 ? "pass" : "fail";
  return { verdict, figure, problems: [...problems, ...read], invariants: report.counts };
}
