import type { ClusterSpec, IssuerSpec } from "../../src/domain/cluster-spec.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import type { SignOrder } from "../../src/domain/sign-order.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { type Cluster, createCluster } from "../../src/vault/cluster.ts";
import type { TestVault } from "./test-vault.ts";
import { clusterSpec } from "./vault-client.ts";

export interface WatchedCluster extends Disposable {
  readonly cluster: Cluster;
  readonly events: readonly RotationEvent[];
  /** The kinds of the events so far; `token_ending` with its reason. */
  kinds(): readonly string[];
}

interface ClusterSettings extends Partial<ClusterSpec> {
  readonly stateDir?: string;
}

/** A cluster of ours that points at a test server. */
export function watchedCluster(vault: TestVault, settings: ClusterSettings): WatchedCluster {
  const { stateDir = "/nonexistent", ...rest } = settings;
  const tls = vault.caFile === undefined ? {} : { caFile: vault.caFile };
  const spec = clusterSpec({ addresses: [vault.address], tls, ...rest });
  const events: RotationEvent[] = [];
  const cluster = createCluster({ spec, clock: systemClock, emit: (event) => events.push(event), stateDir });
  return {
    cluster,
    events,
    kinds: () => events.map((event) => (event.kind === "token_ending" ? `token_ending ${event.why}` : event.kind)),
    [Symbol.dispose]: () => cluster.close(),
  };
}

/** The role `svc` of the mount `pki`. */
export function issuerSpec(settings: Partial<IssuerSpec> = {}): IssuerSpec {
  return { name: "main", cluster: "default", mount: "pki", role: "svc", method: "sign", ...settings };
}

/** An order for `a.svc` with names of every kind, without a CSR. */
export function signOrder(settings: Partial<SignOrder> = {}): SignOrder {
  const names = { commonName: "a.svc", dns: ["a.svc"], ips: ["10.0.0.1"], uris: ["spiffe://corp/a"], emails: [] };
  return { names, key: "ec-p256", ...settings };
}
