import { join } from "node:path";
import { CLOSED } from "../../domain/circuit.ts";
import type { IssuerSpec } from "../../domain/cluster-spec.ts";
import { evolve } from "../../domain/evolve.ts";
import { type Explanation, explainService } from "../../domain/explain.ts";
import { issuerIdentity } from "../../domain/request.ts";
import { issuersOf, type ServiceSpec, type Settings } from "../../domain/spec.ts";
import { INITIAL_STATE, type ServiceState } from "../../domain/state.ts";
import { trustEnd } from "../../domain/status/authority-ends.ts";
import { serviceStatus } from "../../domain/status/service-status.ts";
import type { DaemonStatus } from "../../domain/status.ts";
import type { EpochMillis } from "../../domain/units.ts";
import { keys } from "../../keys/keys.ts";
import { budgetOf } from "../../rotation/issue.ts";
import type { Ports } from "../../rotation/job.ts";
import type { Clock, Issuer, Pauses } from "../../rotation/ports.ts";
import { type Reading, readDisk } from "../../rotation/read-disk.ts";
import { readReserve } from "../../rotation/reserve.ts";
import { TrustKeeper } from "../../rotation/trust.ts";
import { openLedger } from "../../store/ledger.ts";
import { openPauses } from "../../store/pauses.ts";
import { createStore } from "../../store/store.ts";
import { createTrustMemory } from "../../store/trust-memory.ts";
import { VERSION } from "../../version.ts";

type ReadOnly = Reading["ports"] & Pick<Ports, "heldDirectory"> & { readonly pauses: Pick<Pauses, "until"> };

/** What a leafd that starts now would find. Takes no lock, claims nothing and writes nothing. */
export async function statusFromDisk(settings: Settings, clock: Clock): Promise<DaemonStatus> {
  const ports = readOnlyPorts(settings, clock);
  const now = clock.now();
  const found = await Promise.all(
    settings.services.map(async (spec) => ({ spec, state: await foundState(spec, settings, ports) })),
  );
  return {
    version: VERSION,
    pid: 0,
    startedAt: now,
    configHash: "",
    configLoadedAt: now,
    clusters: [],
    issuers: [],
    ...trustEnd(found.map(({ state }) => state)),
    services: found.map(({ spec, state }) =>
      serviceStatus(state, { now, spec, circuit: () => CLOSED, windowOpensAt: now }),
    ),
  };
}

/** The same for one service, with what that leafd would do next. */
export async function explainFromDisk(spec: ServiceSpec, settings: Settings, clock: Clock): Promise<Explanation> {
  const { stateDir } = settings;
  const state = await foundState(spec, settings, readOnlyPorts(settings, clock));
  const windows = spec.windows.length > 0 ? (await import("../../runtime/windows.ts")).createWindows() : undefined;
  const windowOpensAt = (from: EpochMillis) => windows?.opensAt(spec.windows, from) ?? from;
  const now = clock.now();
  return explainService(state, {
    around: { now, spec, circuit: () => CLOSED, windowOpensAt: windowOpensAt(now) },
    windowOpensAt,
    seed: "",
    skew: 0,
    budget: budgetOf(spec, state),
    issued: openLedger(stateDir, { clock, warn: () => undefined }).recent(spec.name),
  });
}

async function foundState(spec: ServiceSpec, settings: Settings, ports: ReadOnly): Promise<ServiceState> {
  let state = INITIAL_STATE;
  const issuers = issuersOf(spec).map((issuer) => absent(issuer, settings));
  const included = settings.trust.include.map((issuer) => absent(issuer, settings));
  const reading: Reading = {
    spec,
    ports,
    issuers,
    authorities: [...issuers, ...included],
    pace: 0,
    say: (said) => {
      state = evolve(state, { ...said, service: spec.name, at: ports.clock.now() });
    },
  };
  await readDisk(reading);
  await readReserve({ ...reading, ports });
  const until = ports.pauses.until(spec.name);
  return until === undefined
    ? state
    : evolve(state, { kind: "paused", until, service: spec.name, at: ports.clock.now() });
}

/** An issuer that is known by its name, and not asked. */
function absent(spec: IssuerSpec, settings: Settings): Issuer {
  const { namespace } = settings.clusters.find(({ name }) => name === spec.cluster) ?? {};
  const nobody = () => Promise.reject(new Error("nobody is asked"));
  return {
    name: spec.name,
    identity: issuerIdentity(spec, namespace),
    method: spec.method,
    sign: nobody,
    authorities: nobody,
    health: nobody,
    revoke: nobody,
  };
}

function readOnlyPorts(settings: Settings, clock: Clock): ReadOnly {
  const ignore = () => undefined;
  const memory = createTrustMemory(settings.stateDir, ignore);
  return {
    clock,
    keys,
    store: createStore({ clock, instance: "", takeover: false, warn: ignore }),
    trust: new TrustKeeper({ spec: settings.trust, memory, clock, emit: ignore }),
    pauses: openPauses(settings.stateDir, { clock, warn: ignore }),
    heldDirectory: join(settings.stateDir, "held"),
    seed: "",
  };
}
