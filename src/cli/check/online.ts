import type { IssuerSpec } from "../../domain/cluster-spec.ts";
import type { Remark } from "../../domain/remark.ts";
import type { ServiceSpec, Settings } from "../../domain/spec.ts";
import { systemClock } from "../../runtime/clock.ts";
import { createCluster } from "../../vault/cluster.ts";
import type { ProbeQuestions } from "../../vault/probe.ts";

interface Options {
  readonly spendSecretId: boolean;
  readonly signal: AbortSignal;
}

/** Looks at every cluster as leafd would use it, and there at every role that services name. */
export async function checkOnline(settings: Settings, { spendSecretId, signal }: Options): Promise<readonly Remark[]> {
  const { clusters, stateDir, trust, review } = settings;
  const asked = askedOf(settings);
  const all = clusters.map(async (spec) => {
    const cluster = createCluster({ spec, clock: systemClock, emit: () => undefined, stateDir });
    try {
      const issuers = asked.filter((each) => each.spec.cluster === spec.name);
      return await cluster.probe({ issuers, ownRoots: trust.roots !== undefined, review, spendSecretId }, signal);
    } finally {
      cluster.close();
    }
  });
  return (await Promise.all(all)).flat();
}

type Asked = ProbeQuestions["issuers"][number];

/** Every issuer once, with what all services want of it; two reserves of one issuer may have roles of their own. */
function askedOf({ services, trust }: Settings): readonly Asked[] {
  const included = trust.include.map((spec) => ({ spec, configPath: configPathOf(spec), wanted: [] }));
  const all: readonly Asked[] = [...services.flatMap(askedBy), ...included];
  const groups = Map.groupBy(all, ({ spec: { name, mount, role } }) => `${name} ${mount} ${role}`);
  return [...groups.values()].flatMap((group) => {
    const wanted = group.flatMap((each) => each.wanted);
    return group.slice(0, 1).map((first) => ({ ...first, wanted }));
  });
}

function askedBy({
  name: service,
  request,
  issuers,
  renewAt,
  revokeOld,
  outage: { survive, reserve },
}: ServiceSpec): readonly Asked[] {
  const outlive = survive === undefined ? {} : { survive };
  const revokes = revokeOld ? ({ revokes: true } as const) : {};
  const asked: readonly Asked[] = issuers.map((spec) => ({
    spec,
    configPath: configPathOf(spec),
    wanted: [{ service, request, renewAt, ...outlive, ...revokes }],
  }));
  if (reserve === undefined) return asked;
  const configPath = ["services", service, "outage", "reserve"];
  const { notAfter: _, ...lasting } = request;
  const wanted = [{ service, request: { ...lasting, ttl: reserve.ttl }, configPath, ...revokes }];
  return [...asked, { spec: reserve.issuer, configPath, wanted }];
}

function configPathOf({ name }: IssuerSpec): readonly string[] {
  return ["issuers", name, "vault"];
}
