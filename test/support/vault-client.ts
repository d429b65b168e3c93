import type { ClusterSpec } from "../../src/domain/cluster-spec.ts";
import type { RotationEvent } from "../../src/domain/events.ts";
import { Secret } from "../../src/domain/secret.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { VaultClient } from "../../src/vault/client.ts";
import { TlsMaterial } from "../../src/vault/tls-material.ts";

/** A cluster as the configuration would give it, with the defaults of the documentation. */
export function clusterSpec(settings: Partial<ClusterSpec> & Pick<ClusterSpec, "addresses">): ClusterSpec {
  return {
    name: "default",
    tls: {},
    auth: { kind: "token", token: new Secret("unused") },
    timeouts: { connect: 5_000, request: 15_000 },
    concurrency: 16,
    ...settings,
  };
}

/** A client on the machine's clock, and the events it emitted. */
export function vaultClient(settings: Partial<ClusterSpec> & Pick<ClusterSpec, "addresses">) {
  const spec = clusterSpec(settings);
  const events: RotationEvent[] = [];
  const tls = new TlsMaterial(spec.tls, systemClock);
  const client = new VaultClient({ spec, tls, clock: systemClock, emit: (event) => events.push(event) });
  return { client, events };
}
