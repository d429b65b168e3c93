import { issuerIdentity } from "../domain/request.ts";
import { serviceStatus } from "../domain/service-status.ts";
import type { ServiceSpec, Settings } from "../domain/spec.ts";
import { evolve, INITIAL_STATE, type ServiceState } from "../domain/state.ts";
import type { DaemonStatus } from "../domain/status.ts";
import { keys } from "../keys/keys.ts";
import type { Job } from "../rotation/job.ts";
import type { Clock } from "../rotation/ports.ts";
import { look } from "../rotation/recover.ts";
import { TrustKeeper } from "../rotation/trust.ts";
import { openLedger } from "../store/ledger.ts";
import { createStore } from "../store/store.ts";
import { createTrustMemory } from "../store/trust-memory.ts";
import { VERSION } from "../version.ts";

/** What a leafd that starts now would find. Takes no lock, claims nothing and writes nothing. */
export async function statusFromDisk(settings: Settings, clock: Clock): Promise<DaemonStatus> {
  const ports = readOnlyPorts(settings, clock);
  const now = clock.now();
  const services = await Promise.all(
    settings.services.map(async (spec) => serviceStatus(spec, await foundState(spec, settings, ports), now)),
  );
  return { version: VERSION, pid: 0, startedAt: now, configHash: "", configLoadedAt: now, clusters: [], services };
}

async function foundState(spec: ServiceSpec, settings: Settings, ports: Job["ports"]): Promise<ServiceState> {
  const { namespace } = settings.clusters.find(({ name }) => name === spec.issuers[0].cluster) ?? {};
  const nobody = () => Promise.reject(new Error("nobody is asked"));
  let state = INITIAL_STATE;
  await look({
    spec,
    ports,
    state,
    issuer: {
      name: spec.issuers[0].name,
      identity: issuerIdentity(spec.issuers[0], namespace),
      sign: nobody,
      authorities: nobody,
      health: nobody,
      revoke: nobody,
    },
    cause: "missing",
    pace: 0,
    carry: { unpublished: undefined },
    stage: "preflight",
    say: (said) => {
      state = evolve(state, { ...said, service: spec.name, at: ports.clock.now() });
    },
  });
  return state;
}

function readOnlyPorts(settings: Settings, clock: Clock): Job["ports"] {
  const ignore = () => undefined;
  const memory = createTrustMemory(settings.stateDir, ignore);
  return {
    clock,
    keys,
    store: createStore({ clock, instance: "", takeover: false, warn: ignore }),
    ledger: openLedger(settings.stateDir, { clock, warn: ignore }),
    trust: new TrustKeeper({ spec: settings.trust, memory, clock, emit: ignore }),
    seed: "",
  };
}
