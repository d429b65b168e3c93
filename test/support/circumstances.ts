import { type Circuit, CLOSED } from "../../src/domain/circuit.ts";
import type { IssuerSpec } from "../../src/domain/cluster-spec.ts";
import type { Circumstances } from "../../src/domain/ladder.ts";
import type { ProbeSpec } from "../../src/domain/outage-spec.ts";
import type { ServiceSpec } from "../../src/domain/spec.ts";
import { type EpochMillis, SECOND } from "../../src/domain/units.ts";

/** An issuer of this name: a role of the mount `pki` of the only cluster. */
export function exampleIssuer(name = "main", settings: Partial<IssuerSpec> = {}): IssuerSpec {
  return { name, cluster: "default", mount: "pki", role: "svc", method: "sign", ...settings };
}

/** Where a dependent serves; an old worker may answer for 10 s after a reload. */
export function exampleProbe(port = 8443): ProbeSpec {
  return { host: "127.0.0.1", port, alpn: [], timeout: 5 * SECOND, settle: 10 * SECOND };
}

/** A service without dependents, probes or anything else that an operator adds. */
export function exampleService(changes: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    name: "web",
    required: true,
    request: {
      names: { commonName: "web.svc", dns: ["web.svc"], ips: [], uris: [], emails: [] },
      key: "ec-p256",
      reuseKey: false,
      usages: ["server", "client"],
    },
    issuers: [exampleIssuer()],
    output: { directory: "/srv/tls", modes: { key: 0o600, cert: 0o644, directory: 0o755 }, layout: "generations" },
    preReload: [],
    reload: [],
    escalate: [],
    probes: [],
    renewAt: 2 / 3,
    outage: { atExpiry: { kind: "keep" } },
    windows: [],
    revokeOld: false,
    ...changes,
  };
}

interface Around {
  readonly spec?: ServiceSpec;
  /** By the names of the issuers; those that are not here are closed. */
  readonly circuits?: Readonly<Record<string, Circuit>>;
  readonly windowOpensAt?: EpochMillis;
  readonly pausedUntil?: EpochMillis;
}

/** What a decision at this time rests on: nothing is in the way unless the test says so. */
export function around(now: EpochMillis, { spec, circuits = {}, ...others }: Around = {}): Circumstances {
  return {
    now,
    spec: spec ?? exampleService(),
    circuit: (issuer) => circuits[issuer] ?? CLOSED,
    windowOpensAt: now,
    ...others,
  };
}
