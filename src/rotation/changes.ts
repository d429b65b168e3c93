import { isDeepStrictEqual } from "node:util";
import type { IssuerSpec } from "../domain/cluster-spec.ts";
import type { ChangeClass } from "../domain/events.ts";
import { issuersOf, type ServiceSpec } from "../domain/spec.ts";

/** How many services a change of configuration touches. */
export interface Changes {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What a new configuration makes of the services that run, and of what is known of their issuers. */
interface Turnover {
  readonly gone: readonly ServiceSpec[];
  readonly changed: readonly ServiceSpec[];
  readonly fresh: readonly ServiceSpec[];
  /** The names that mean other issuers than before. */
  readonly issuers: readonly string[];
}

/** Who goes, who changes and who comes. `replaced`: the clusters that are others than before, under the same name. */
export function turnover(
  before: readonly ServiceSpec[],
  after: readonly ServiceSpec[],
  replaced: ReadonlySet<string>,
): Turnover {
  const wanted = new Set(after.map(({ name }) => name));
  const running = new Map(before.map((spec) => [spec.name, spec]));
  const known = issuersByName(before);
  const isOther = (issuer: IssuerSpec) =>
    replaced.has(issuer.cluster) || !isDeepStrictEqual(issuer, known.get(issuer.name) ?? issuer);
  const isMoved = (spec: ServiceSpec) => issuersOf(spec).some(({ cluster }) => replaced.has(cluster));
  return {
    gone: before.filter(({ name }) => !wanted.has(name)),
    changed: after.filter((spec) => {
      const old = running.get(spec.name);
      return old !== undefined && (isMoved(spec) || !isDeepStrictEqual(old, spec));
    }),
    fresh: after.filter(({ name }) => !running.has(name)),
    issuers: [...issuersByName(after).values()].filter(isOther).map(({ name }) => name),
  };
}

/** All issuers that these services may ask. A name means one issuer to all of them. */
export function issuersByName(specs: readonly ServiceSpec[]): ReadonlyMap<string, IssuerSpec> {
  return new Map(specs.flatMap((spec) => issuersOf(spec).map((issuer) => [issuer.name, issuer])));
}

/** What a change of configuration touches, in words for the log. What it costs is judged against the certificate itself. */
export function changeClasses(before: ServiceSpec, after: ServiceSpec): readonly ChangeClass[] {
  const parts: Readonly<Record<ChangeClass, (spec: ServiceSpec) => unknown>> = {
    request: ({ request: { ttl: _ttl, ...request }, issuers }) => [request, issuers[0]],
    delivery: ({ output }) => output,
    reload: ({ reload, preReload, escalate }) => [reload, preReload, escalate],
    plan: ({ request, renewAt, required, issuers, outage, probes, windows, revokeOld }) => [
      request.ttl,
      renewAt,
      required,
      issuers.slice(1),
      outage,
      probes,
      windows,
      revokeOld,
    ],
  };
  const classes: readonly ChangeClass[] = ["request", "delivery", "reload", "plan"];
  return classes.filter((name) => !isDeepStrictEqual(parts[name](before), parts[name](after)));
}
