import { type Certificate, parseCertificates } from "../../domain/certificate.ts";
import { LeafdError } from "../../domain/errors.ts";
import type { PairMaterial } from "../../domain/inspection.ts";
import type { ProbeSpec } from "../../domain/outage-spec.ts";
import type { ServiceSpec, Settings } from "../../domain/spec.ts";
import { inspectEndpoint } from "./endpoint.ts";
import { inspectDirectory } from "./files.ts";
import type { Expectations } from "./judge.ts";
import { factsOf } from "./output.ts";
import type { InspectedTarget } from "./report.ts";

/** A service of the configuration: its output directory, and each of its endpoints against that. */
export async function inspectService(
  { spec, endpoints = spec.probes }: { readonly spec: ServiceSpec; readonly endpoints?: readonly ProbeSpec[] },
  expected: Expectations,
  signal: AbortSignal,
): Promise<readonly InspectedTarget[]> {
  const { directory } = spec.output;
  const asked = { ...expected, request: spec.request, reloads: spec.reload.length > 0 };
  const facts = factsOf(directory);
  const pair = facts?.inspection.kind === "pair" ? facts.inspection.material : undefined;
  const known = pair === undefined ? {} : { pair, disk: parseCertificates(pair.certificate) };
  const trust = expected.trust ?? (pair && publishedTrust(pair, directory));
  const served = await Promise.all(
    endpoints.map((endpoint) => inspectEndpoint({ endpoint, ...known }, { ...asked, ...(trust && { trust }) }, signal)),
  );
  return [inspectDirectory(directory, asked), ...served];
}

function publishedTrust({ trust }: PairMaterial, directory: string) {
  const roots: readonly Certificate[] = parseCertificates(trust);
  return roots.length === 0 ? undefined : { roots, source: `${directory}/ca.crt` };
}

/** LeafdError `request_denied` for a name that no service has. */
export function serviceNamed(name: string, { services }: Settings): ServiceSpec {
  const spec = services.find((service) => service.name === name);
  if (spec !== undefined) return spec;
  throw new LeafdError("request_denied", `there is no service "${name}"`, {
    hint: `The services are: ${services.map((service) => service.name).join(", ")}.`,
  });
}
