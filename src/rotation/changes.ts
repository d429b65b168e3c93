import { isDeepStrictEqual } from "node:util";
import type { ChangeClass } from "../domain/events.ts";
import type { ServiceSpec } from "../domain/spec.ts";

/** How many services a change of configuration touches. */
export interface Changes {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
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
