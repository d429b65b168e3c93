import { freePort } from "../../src/dev/demo/free-port.ts";
import { type FaultProxy, faultProxy } from "../support/fault-proxy.ts";
import { type LeafdPlace, leafdPlace, type Services } from "../support/leafd-place.ts";
import type { LeafdOptions, LeafdProcess, LogLine } from "../support/leafd-process.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import { type OpenBaoOptions, startOpenBao, type TestVault } from "../support/vault-server.ts";
import { type InvariantReport, sumOf, watchInvariants } from "./invariants.ts";
import type { Outcome, Scene } from "./row.ts";

/*
 * The stage of a row about Vault: a real OpenBao, a proxy that can spoil what passes, the real leafd, a reader of each
 * output directory. A row plays on it and answers its figure; what it throws or finds wanting makes the row a fail.
 */

type Written = Readonly<Record<string, unknown>>;

export interface StageOptions {
  /** As in `LeafdPlace.text`; given the set, because their settings name what is on it. */
  readonly services: Services;
  /** Laid over the top level of the configuration. What must be on disk before the start is put there meanwhile. */
  readonly settings?: (set: StageSet) => Promise<Written> | Written;
  /** The life of a certificate, in seconds. Default 12: renewal comes 7 to 8 s after the first. */
  readonly ttl?: number;
  readonly pki?: Parameters<typeof setUpPki>[1];
  readonly server?: OpenBaoOptions;
  /** How leafd is started. */
  readonly start?: LeafdOptions;
  /** Certificates that the fault may cost beyond those that leafd published. Default none. */
  readonly spare?: number;
  /** Play at once, and do not wait until every service has a pair. */
  readonly atOnce?: boolean;
}

/** What is there before leafd starts. */
export interface StageSet {
  readonly vault: TestVault;
  readonly pki: TestPki;
  /** Before the server; the configuration names this one unless a row says otherwise. */
  readonly proxy: FaultProxy;
  readonly place: LeafdPlace;
  /** The AppRole login of the place, for a configuration that has other addresses. */
  readonly auth: Written;
  /** Secrets that nobody may be told; a row adds those that it makes. */
  readonly canaries: string[];
}

export interface Stage extends StageSet {
  /** The leafd that runs now. */
  readonly leafd: LeafdProcess;
  /** Its HTTP address, for metrics and health. */
  readonly observed: string;
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
  const set = await setStage(scene, options);
  const { place, pki, proxy, canaries } = set;
  const observed = `127.0.0.1:${await freePort()}`;
  const settings = await options.settings?.(set);
  await place.configure(options.services, { observe: { listen: observed }, ...settings });
  const names = Object.keys(options.services);
  const directories = names.map((name) => place.live(name));
  const watch = resources.use(await watchInvariants({ directories, canaries }));
  const run = new LeafdRuns(() => resources.use(place.start("run", [], options.start)));
  const problems: string[] = [];
  let figure = "it broke off";
  const stop = async (): Promise<void> => run.stop(await asked(place, observed));
  try {
    if (options.atOnce !== true) await run.leafd.each("published", ...names);
    figure = await play({
      ...set,
      observed: `http://${observed}`,
      get leafd() {
        return run.leafd;
      },
      restart: async () => {
        await stop();
        run.start();
      },
      expect: (holds, otherwise) => void (holds || problems.push(otherwise)),
    });
  } catch (thrown) {
    problems.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), run.leafd.tail());
  }
  await proxy.heal();
  await stop();
  const published = run.log.filter(({ event }) => event === "published");
  const budget = published.length + (options.spare ?? 0);
  const byHand = published.filter(({ cause }) => cause === "forced");
  const forced = new Set(byHand.map(({ generation = "" }) => generation));
  const report = await watch.end({ told: run.told, issued: await pki.issued(), budget, forced });
  return outcomeOf(figure, problems, report);
}

async function setStage({ resources }: Scene, { server, pki: wanted, ttl = 12 }: StageOptions): Promise<StageSet> {
  const vault = resources.use(await startOpenBao(server));
  const roleSettings = { ttl: `${ttl}s`, no_store: false, ...wanted?.roleSettings };
  const pki = await setUpPki(vault, { ...wanted, roleSettings });
  const proxy = resources.use(await faultProxy({ to: vault.address }));
  const place = resources.use(await leafdPlace({ vault: { address: proxy.address }, pki }));
  const auth = { approle: { roleId: pki.roleId, secretIdFile: place.dir.join("secret-id") } };
  return { vault, pki, proxy, place, auth, canaries: [pki.secretId, vault.rootToken] };
}

/** The leafd of a row, over its restarts. */
class LeafdRuns {
  leafd: LeafdProcess;
  /** All that was told so far, and the log of the runs that have ended. */
  readonly told: string[] = [];
  readonly log: LogLine[] = [];
  readonly #begin: () => LeafdProcess;

  constructor(begin: () => LeafdProcess) {
    this.#begin = begin;
    this.leafd = begin();
  }

  start(): void {
    this.leafd = this.#begin();
  }

  async stop(answers: readonly string[]): Promise<void> {
    const { stdout, stderr } = await this.leafd.stop();
    this.told.push(...answers, stdout, stderr, JSON.stringify(this.leafd.log));
    this.log.push(...this.leafd.log);
  }
}

/** What an operator can ask a running leafd for. */
async function asked(place: LeafdPlace, observed: string): Promise<string[]> {
  const { stdout, stderr } = await place.run("status", ["--json"]);
  const pages = ["/metrics", "/readyz?verbose"].map(async (page) => {
    const reply = await fetch(`http://${observed}${page}`).catch(() => undefined);
    return (await reply?.text()) ?? "";
  });
  return [stdout, stderr, ...(await Promise.all(pages))];
}

function outcomeOf(figure: string, own: readonly string[], report: InvariantReport): Outcome {
  const reads = report.seen.reduce((sum, directory) => sum + directory.reads, 0);
  const problems = [...own, ...report.problems, ...(reads > 0 ? [] : ["the reader read nothing"])];
  return { verdict: problems.length === 0 ? "pass" : "fail", figure, problems, invariants: report.counts };
}

/** A row of two stages: it passes when both do. */
export function bothOf(first: Outcome, second: Outcome): Outcome {
  return {
    verdict: first.verdict === "pass" ? second.verdict : first.verdict,
    figure: `${first.figure}; ${second.figure}`,
    problems: [...(first.problems ?? []), ...(second.problems ?? [])],
    ...(first.invariants && second.invariants && { invariants: sumOf(first.invariants, second.invariants) }),
  };
}
