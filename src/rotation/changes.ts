import { isDeepStrictEqual } from "node:util";
import type { ChangeClass } from "../domain/events.ts";
import type { ServiceSpec } from "../domain/spec.ts";

/** What a change of configuration touches, in words for the log. What it costs is judged against the certificate itself. */
export function changeClasses(before: ServiceSpec, after: ServiceSpec): readonly ChangeClass[] {
  const parts: Readonly<Record<ChangeClass, (spec: ServiceSpec) => unknown>> = {
    request: ({ request: { ttl: _ttl, ...request }, issuers }) => [request, issuers[0]],
    delivery: ({ output }) => output,
    reload: ({ reload }) => reload,
    plan: ({ request, renewAt, required }) => [request.ttl, renewAt, required],
  };
  const classes: readonly ChangeClass[] = ["request", "delivery", "reload", "plan"];
  return classes.filter((name) => !isDeepStrictEqual(parts[name](before), parts[name](after)));
}
