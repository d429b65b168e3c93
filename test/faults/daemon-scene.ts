import { type LeafdPlace, leafdPlace } from "../support/leafd-place.ts";
import type { LeafdProcess } from "../support/leafd-process.ts";
import { type LyingVault, lyingVault } from "../support/lying-vault.ts";
import { startOpenBao } from "../support/openbao-server.ts";
import { setUpPki, type TestPki } from "../support/pki-setup.ts";
import type { TestVault } from "../support/test-vault.ts";
import type { Findings } from "./findings.ts";
import { type SeenDirectory, watchInvariants } from "./invariants.ts";
import type { Scene } from "./row.ts";

/** What a row about leafd itself begins with: a real server whose role stores what it signs, and the place of a leafd. */
export interface DaemonScene {
  readonly vault: TestVault;
  /** What leafd sees of it: it can hold answers back, or exchange them. */
  readonly front: LyingVault;
  readonly pki: TestPki;
  readonly place: LeafdPlace;
  /** Holds I1–I5 for these output directories, or for those of the services named. */
  readonly watch: (...directories: readonly string[]) => Promise<Watch>;
}

interface Watch {
  /** Ends it, reports, and answers what it saw of each directory. `budget`: the certificates that may have been issued; `leafds`: all that had something to tell. */
  end(findings: Findings, ran: { leafds: readonly LeafdProcess[]; budget: number }): Promise<readonly SeenDirectory[]>;
}

interface SceneOptions {
  /** The role's TTL; default 24 h, so that nothing is due by itself. */
  readonly ttl?: string;
  /** As `startOpenBao` has it. */
  readonly persistent?: boolean;
}

export async function daemonScene(scene: Scene, options: SceneOptions = {}): Promise<DaemonScene> {
  const { ttl = "24h", persistent = false } = options;
  const { resources } = scene;
  const vault = resources.use(await startOpenBao({ persistent }));
  const pki = await setUpPki(vault, { roleSettings: { ttl, no_store: false } });
  const front = resources.use(await lyingVault(vault));
  const place = resources.use(await leafdPlace({ vault: front, pki }));
  const watch: DaemonScene["watch"] = async (...named) => {
    const directories = named.map((each) => (each.startsWith("/") ? each : place.live(each)));
    const reading = resources.use(await watchInvariants({ directories, canaries: [pki.secretId, vault.rootToken] }));
    return {
      end: async (findings, { leafds, budget }) => {
        const told = leafds.map((leafd) => `${JSON.stringify(leafd.log)}\n${leafd.tail()}`);
        const published = leafds.flatMap((leafd) => leafd.seen("published"));
        const back = published.filter(({ cause }) => cause === "rolled_back");
        const returned = new Set(back.map(({ generation = "" }) => generation));
        const report = await reading.end({ told, issued: await pki.issued(), budget, returned });
        findings.watched(report);
        return report.seen;
      },
    };
  };
  return { vault, front, pki, place, watch };
}
