import { closest } from "../domain/closest.ts";
import type { IssuerSpec } from "../domain/cluster-spec.ts";
import { DEFAULT_CLUSTER } from "./clusters.ts";
import { NAME } from "./forms.ts";
import { given } from "./given.ts";
import { type Path } from "./report.ts";
import type { FileConfig } from "./schema.ts";
import type { Report } from "./surroundings.ts";

type Issuers = ReadonlyMap<string, IssuerSpec>;

/** The issuers of the file by name, in its order. */
export function issuerSpecs({ issuers, clusters = {} }: FileConfig, report: Report): Issuers {
  const known = [DEFAULT_CLUSTER, ...Object.keys(clusters)];
  const specs = new Map<string, IssuerSpec>();
  for (const [name, { vault }] of Object.entries(issuers)) {
    if (!NAME.pattern.test(name)) report({ path: ["issuers", name], at: "key", message: NAME.message });
    const { cluster = DEFAULT_CLUSTER, mount = "pki", role, method = "sign", issuerRef } = vault;
    if (!known.includes(cluster)) {
      const path = ["issuers", name, "vault", "cluster"];
      const message = "no cluster of this name is defined";
      report({ path, at: "value", message, hint: meantBy(cluster, known), lacks: [[], ["clusters"]] });
    }
    specs.set(name, { name, cluster, mount, role, method, ...given("issuerRef", issuerRef) });
  }
  if (specs.size === 0) report({ path: ["issuers"], at: "key", message: "no issuer is defined" });
  return specs;
}

interface Named {
  readonly names: readonly string[];
  /** Of the list. */
  readonly path: Path;
}

/** The issuers of a list of names, in its order, each once. */
export function issuersNamed({ names, path }: Named, issuers: Issuers, report: Report): IssuerSpec[] {
  const found = new Set<IssuerSpec>();
  for (const [index, name] of names.entries()) {
    const issuer = issuerNamed({ name, path: [...path, index] }, issuers, report);
    if (issuer === undefined) continue;
    if (found.has(issuer)) report({ path: [...path, index], at: "value", message: "this issuer is named twice" });
    found.add(issuer);
  }
  return [...found];
}

/** The issuer of this name; the path is that of the name. */
export function issuerNamed(
  { name, path }: { readonly name: string; readonly path: Path },
  issuers: Issuers,
  report: Report,
): IssuerSpec | undefined {
  const issuer = issuers.get(name);
  // Without any issuer that is what is said.
  if (issuer === undefined && issuers.size > 0) {
    const hint = meantBy(name, [...issuers.keys()]);
    report({ path, at: "value", message: "no issuer of this name is defined", hint });
  }
  return issuer;
}

function meantBy(name: string, known: readonly string[]): string {
  const meant = closest(name, known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return known.length === 1 ? `there is only ${known[0]}` : `there are ${known.join(", ")}`;
}
