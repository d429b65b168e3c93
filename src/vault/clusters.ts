import { isDeepStrictEqual } from "node:util";
import { LeafdError } from "../domain/errors.ts";
import type { ClusterSpec, IssuerSpec } from "../domain/spec.ts";
import type { ClusterStatus } from "../domain/status.ts";
import type { Clock, Emit, Issuer } from "../rotation/ports.ts";
import { type Cluster, createCluster } from "./cluster.ts";

interface ClustersOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly stateDir: string;
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

  /** Makes the running clusters these. Answers the names of those that are not the same objects as before. */
  async apply(specs: readonly ClusterSpec[]): Promise<Set<string>> {
    const replaced = new Set<string>();
    for (const [name, { spec }] of this.#running) {
      const next = specs.find((candidate) => candidate.name === name);
      if (next !== undefined && same(next, spec)) continue;
      await this.#stop(name);
      replaced.add(name);
    }
    for (const spec of specs) if (!this.#running.has(spec.name)) this.#start(spec);
    return replaced;
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

  status(): readonly ClusterStatus[] {
    return [...this.#running.values()].map(({ cluster }) => cluster.status());
  }

  /** Ends all sessions. Tokens are not revoked: a certificate with a lease would go with them. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#stop(name)));
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

  async #stop(name: string): Promise<void> {
    const found = this.#running.get(name);
    found?.stop.abort();
    await found?.done;
    found?.cluster.close();
    this.#running.delete(name);
  }
}

/** Two secrets look alike to a comparison of their fields: the token of the configuration is compared by itself. */
function same(a: ClusterSpec, b: ClusterSpec): boolean {
  const token = ({ auth }: ClusterSpec) => (auth.kind === "token" ? auth.token.reveal() : undefined);
  return isDeepStrictEqual(a, b) && token(a) === token(b);
}
