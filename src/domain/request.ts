import { hash } from "node:crypto";
import type { Certificate } from "./certificate.ts";
import type { IssuerSpec } from "./cluster-spec.ts";
import type { Cause } from "./events.ts";
import type { Delivery, Manifest } from "./manifest.ts";
import type { ReloadStep } from "./reload-spec.ts";
import type { CertificateRequest, OutputSpec, ServiceSpec } from "./spec.ts";

/*
 * What a change of configuration costs. The certificate itself is compared with the request wherever it shows the
 * answer; what it cannot show goes into a versioned hash over the fields that are not at their default, so that an
 * upgrade which adds a field issues nothing.
 */

function hashOf(fields: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  const canonical = JSON.stringify(set.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `v1:${hash("sha256", canonical, "hex").slice(0, 32)}`;
}

/** Unique per place that signs: its cluster, mount, role and named issuer. Addresses and logins are not part of it. */
export function issuerIdentity(issuer: IssuerSpec, namespace?: string): string {
  const place = [issuer.cluster, namespace ?? "", issuer.mount, issuer.role];
  return [...place, ...(issuer.issuerRef === undefined ? [] : [issuer.issuerRef])].map(encodeURIComponent).join("/");
}

/** False when these are known to differ: what another version of leafd hashed, or nobody knows, is taken to be the same. */
export function isSame(kept: string, wanted: string): boolean {
  return kept === wanted || !kept.startsWith("v1:");
}

/** The part of a request that the certificate does not show. */
export function requestHash(request: CertificateRequest, identity: string): string {
  return hashOf({ identity, reuseKey: request.reuseKey || undefined, notAfter: request.notAfter });
}

/** How a generation is laid out on disk: another value means that the same pair is published again. */
export function deliveryHash(output: OutputSpec): string {
  return hashOf({
    owner: output.owner,
    group: output.group,
    key: output.modes.key,
    cert: output.modes.cert,
    directory: output.modes.directory,
    layout: output.layout === "generations" ? undefined : output.layout,
  });
}

/** The reload steps as they were carried out: another value means that they are owed again. */
export function reloadHash(steps: readonly ReloadStep[]): string {
  return hashOf({ steps: steps.length === 0 ? undefined : steps });
}

/** The dependents have been told of this generation, by these steps. */
export function wasToldOf(
  { generation }: Pick<Manifest, "generation">,
  steps: readonly ReloadStep[],
  last: Delivery | undefined,
): boolean {
  return last?.generation === generation && last.reloadHash === reloadHash(steps);
}

/**
 * Why a pair that is good is not what the configuration asks for now, or undefined. A request that changed costs a
 * certificate, a changed delivery does not. The names and usages are not compared here: verifying the pair against
 * the request does that (verify.ts).
 */
export function outdatedBy(spec: ServiceSpec, issuers: readonly Signer[], found: Found): Cause | undefined {
  const { leaf, manifest } = found;
  const signed = ({ identity }: Signer): boolean => isSame(manifest.requestHash, requestHash(spec.request, identity));
  if (!issuers.some(signed)) {
    return issuers.some(({ name }) => name === manifest.issuer) ? "request_changed" : "issuer_removed";
  }
  if (leaf.keyAlgorithm !== spec.request.key) return "request_changed";
  if (!isSame(manifest.deliveryHash, deliveryHash(spec.output))) return "delivery_changed";
  return undefined;
}

/** An issuer of the service, by its name in the configuration and by what it is. */
interface Signer {
  readonly name: string;
  readonly identity: string;
}

interface Found {
  readonly leaf: Certificate;
  readonly manifest: Manifest;
}
