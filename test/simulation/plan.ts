import type { IssuerSpec } from "../../src/domain/cluster-spec.ts";
import type { ReserveSpec } from "../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../src/domain/spec.ts";
import type { Millis } from "../../src/domain/units.ts";
import type { Cluster } from "./issuer.ts";
import { OUTPUTS, outputOf } from "./places.ts";

/** A service, by what the simulation varies of it. */
export interface ServicePlan {
  readonly name: string;
  readonly ttl: Millis;
  readonly renewAt: number;
  /** Services may share one. */
  readonly dependent: string;
  readonly reuseKey: boolean;
  readonly keyMode: number;
  readonly layout: "generations" | "bundle";
  /** In the order of preference. */
  readonly issuers: readonly [Cluster, ...Cluster[]];
  /** A pair is kept back that lives three times as long. */
  readonly reserve: boolean;
}

/** The issuer of reserves: another role of the same mount. */
const RESERVE = "reserve";
/** All names that an issuer may have. */
export const ISSUERS: readonly string[] = ["here", "there", RESERVE];

/** Issuers have the names of their clusters. */
function issuerSpec(cluster: Cluster, name: string = cluster): IssuerSpec {
  return { name, cluster, mount: "pki", role: name, method: "sign" };
}

const specs = new WeakMap<ServicePlan, ServiceSpec>();

export function specOf(plan: ServicePlan): ServiceSpec {
  const known = specs.get(plan);
  if (known !== undefined) return known;
  const { name, ttl, renewAt, dependent, reuseKey, keyMode, layout } = plan;
  const [first, ...others] = plan.issuers;
  const reserve: ReserveSpec = { issuer: issuerSpec(first, RESERVE), ttl: 3 * ttl };
  const names = { commonName: name, dns: [name], ips: [], uris: [`spiffe://corp/${name}`], emails: [] };
  const spec: ServiceSpec = {
    name,
    required: true,
    request: { names, key: "ed25519", reuseKey, usages: ["server", "client"], ttl },
    issuers: [issuerSpec(first), ...others.map((cluster) => issuerSpec(cluster))],
    output: {
      directory: outputOf(name),
      makeBelow: OUTPUTS,
      modes: { key: keyMode, cert: 0o644, directory: 0o755 },
      layout,
    },
    preReload: [],
    reload: [{ kind: "touch", path: dependent }],
    escalate: [],
    probes: [],
    renewAt,
    outage: { atExpiry: { kind: "keep" }, ...(plan.reserve && { reserve }) },
    windows: [],
    revokeOld: false,
  };
  specs.set(plan, spec);
  return spec;
}
