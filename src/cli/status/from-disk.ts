import { type ReadingPorts, readingPorts } from "../../daemon-ports.ts";
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
import type { Clock, Issuer } from "../../rotation/ports.ts";
import { type Reading, readDisk } from "../../rotation/read-disk.ts";
import { readReserve } from "../../rotation/reserve.ts";
import { VERSION } from "../../version.ts";

/** What a leafd that starts now would find. Takes no lock, claims nothing and writes nothing. */
export async function statusFromDisk(settings: Settings, clock: Clock): Promise<DaemonStatus> {
  const ports = readingPorts(settings, clock);
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
  const ports = readingPorts(settings, clock);
  const state = await foundState(spec, settings, ports);
  const windows = spec.windows.length > 0 ? (await import("../../runtime/windows.ts")).createWindows() : undefined;
  const windowOpensAt = (from: EpochMillis) => windows?.opensAt(spec.windows, from) ?? from;
  const now = clock.now();
  return explainService(state, {
    around: { now, spec, circuit: () => CLOSED, windowOpensAt: windowOpensAt(now) },
    windowOpensAt,
    seed: ports.seed,
    skew: 0,
    issued: ports.ledger.recent(spec.name),
  });
}

async function foundState(spec: ServiceSpec, settings: Settings, ports: ReadingPorts): Promise<ServiceState> {
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
