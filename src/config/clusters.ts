import type { ClusterSpec } from "../domain/cluster-spec.ts";
import { SECOND } from "../domain/units.ts";
import { checkVaultAddress } from "./addresses.ts";
import { authSpec } from "./auth.ts";
import { NAME } from "./forms.ts";
import { given } from "./given.ts";
import type { Path } from "./report.ts";
import type { FileConfig } from "./schema.ts";
import type { FileCluster } from "./schema-cluster.ts";
import type { Report } from "./surroundings.ts";

/** The name of the cluster that `vault` describes. */
export const DEFAULT_CLUSTER = "default";

/** All clusters of the file, that of `vault` first; one whose login cannot be told is reported and left out. */
export function clusterSpecs({ vault, clusters = {} }: FileConfig, report: Report): ClusterSpec[] {
  const first = clusterSpec(DEFAULT_CLUSTER, { cluster: vault, path: ["vault"] }, report);
  const further = Object.entries(clusters).map(([name, cluster]) => {
    const path = ["clusters", name];
    if (!NAME.pattern.test(name)) report({ path, at: "key", message: NAME.message });
    if (name === DEFAULT_CLUSTER) {
      const message = "this is the name of the cluster that vault describes";
      report({ path, at: "key", message, hint: "choose another name" });
    }
    return clusterSpec(name, { cluster, path }, report);
  });
  return [first, ...further].filter((spec) => spec !== undefined);
}

interface Written {
  readonly cluster: FileCluster;
  /** Where it stands in the file. */
  readonly path: Path;
}

function clusterSpec(name: string, { cluster, path }: Written, report: Report): ClusterSpec | undefined {
  const list = typeof cluster.address === "string" ? [cluster.address] : cluster.address;
  const addresses = list.map((written, index) => {
    const checked = checkVaultAddress(written);
    if ("address" in checked) return checked.address;
    const place = [...path, "address", ...(typeof cluster.address === "string" ? [] : [index])];
    report({ path: place, at: "value", ...checked });
    return written;
  });
  const { caFile, serverName, certFile, keyFile } = cluster.tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [there, missing] = keyFile === undefined ? ["certFile", "keyFile"] : ["keyFile", "certFile"];
    const message = `${there} needs ${missing}: a client certificate is a pair`;
    report({ path: [...path, "tls", there], at: "key", message, lacks: [[...path, "tls"]] });
  }
  const auth = authSpec(cluster, path, report);
  if (auth === undefined) return undefined;
  return {
    name,
    addresses,
    ...given("namespace", cluster.namespace),
    tls: {
      ...given("caFile", caFile),
      ...given("serverName", serverName),
      ...given("certFile", certFile),
      ...given("keyFile", keyFile),
    },
    auth,
    timeouts: { connect: cluster.timeouts?.connect ?? 5 * SECOND, request: cluster.timeouts?.request ?? 15 * SECOND },
    concurrency: cluster.concurrency ?? 16,
  };
}
