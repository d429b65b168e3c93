import { isDeepStrictEqual } from "node:util";
import type { ClusterSpec, IssuerSpec } from "../domain/cluster-spec.ts";
import type { ClusterStatus } from "../domain/cluster-status.ts";
import { LeafdError } from "../domain/errors.ts";
import type { EpochMillis } from "../domain/units.ts";
import type { Clock, Emit, Issuer } from "../rotation/ports.ts";
import { type Cluster, createCluster } from "./cluster.ts";

interface ClustersOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly stateDir: string;
  /** Told the time that a server says. */
  readonly heard?: (serverTime: EpochMillis) => void;
  /** Log in at once and keep the tokens alive; otherwise a login waits until somebody needs it. */
  readonly upkeep: boolean;
}

interface Running {
  readonly spec: ClusterSpec;
  readonly cluster: Cluster;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The clusters of the configuration that is in force, each with its connections and its login. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  /**
   * Makes the running clusters these. Answers the names of those that are not the same objects as before, and how to end
   * the old ones once nobody works with them any more.
   */
  apply(specs: readonly ClusterSpec[]): { readonly replaced: Set<string>; readonly retire: () => Promise<void> } {
    const old = [...this.#running.values()].filter(({ spec }) => !specs.some((next) => same(next, spec)));
    for (const { spec } of old) this.#running.delete(spec.name);
    for (const spec of specs) if (!this.#running.has(spec.name)) this.#start(spec);
    const retire = async (): Promise<void> => void (await Promise.all(old.map(end)));
    return { replaced: new Set(old.map(({ spec }) => spec.name)), retire };
  }

  /** The issuer that a specification names, on its cluster as it is configured now. */
  issuer(spec: IssuerSpec): Issuer {
    const found = this.#running.get(spec.cluster);
    if (found === undefined) {
      throw new LeafdError(
        "internal",
        `issuer "${spec.name}" names the cluster "${spec.cluster}", which is not running`,
      );
    }
    return found.cluster.issuer(spec);
  }

  /** The time of the first server that says it; undefined when none does. */
  async serverTime(signal: AbortSignal): Promise<EpochMillis | undefined> {
    const asked = [...this.#running.values()].map(async ({ cluster }) => {
      const { serverTime } = await cluster.health(signal);
      if (serverTime === undefined) throw new LeafdError("bad_response", "sys/health does not say the time");
      return serverTime;
    });
    return Promise.any(asked).catch(() => undefined);
  }

  status(): readonly ClusterStatus[] {
    return [...this.#running.values()].map(({ cluster }) => cluster.status());
  }

  /** Ends all sessions. Tokens are not revoked: a certificate with a lease would go with them. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(end));
    this.#running.clear();
  }

  #start(spec: ClusterSpec): void {
    const stop = new AbortController();
    const { upkeep, ...options } = this.#options;
    const cluster = createCluster({ spec, ...options });
    this.#running.set(spec.name, {
      spec,
      cluster,
      stop,
      done: upkeep ? cluster.run(stop.signal) : Promise.resolve(),
    });
  }
}

async function end({ cluster, stop, done }: Running): Promise<void> {
  stop.abort();
  await done;
  cluster.close();
}

/** Two secrets look alike to a comparison of their fields: the token of the configuration is compared by itself. */
function same(a: ClusterSpec, b: ClusterSpec): boolean {
  const token = ({ auth }: ClusterSpec) => (auth.kind === "token" ? auth.token.reveal() : undefined);
  return isDeepStrictEqual(a, b) && token(a) === token(b);
}
