import { join } from "node:path/posix";
import type { ClusterSpec } from "../domain/cluster-spec.ts";
import type { IssuerSpec, ObserveSpec, Settings } from "../domain/spec.ts";
import { SECOND } from "../domain/units.ts";
import { checkVaultAddress, isListenAddress } from "./addresses.ts";
import { authSpec } from "./auth.ts";
import { checkDirectories } from "./checks.ts";
import { NAME } from "./forms.ts";
import { given } from "./given.ts";
import type { Problem } from "./report.ts";
import type { FileConfig } from "./schema.ts";
import { normaliseDirectory, serviceSpec } from "./services.ts";

type Report = (problem: Problem) => unknown;

/** The one cluster of this version. */
const CLUSTER = "default";

/**
 * The file's configuration with its defaults filled in; whatever keeps it from being used is reported, and then the
 * answer means nothing. Pure: looks at no disk, so what it names (a CA file, a group) may be missing.
 */
export function toSettings(config: FileConfig, report: Report): Settings | undefined {
  const stateDir = normaliseDirectory(config.stateDir ?? "/var/lib/leafd");
  const controlDirectory = normaliseDirectory(config.control?.directory ?? join(stateDir, "control"));
  const cluster = clusterSpec(config.vault, report);
  const issuers = issuerSpecs(config.issuers, report);
  const entries = Object.entries(config.services ?? {});
  if (entries.length === 0) {
    const hint = "add one below services:, or in services.d/*.yaml";
    report({ path: ["services"], at: "key", message: "no service is defined", hint });
  }
  const services = entries.map(([name, service]) =>
    serviceSpec(name, service, { defaults: config.defaults ?? {}, issuers, stateDir, report }),
  );
  const outputs = entries.map(([service, { output }]) => ({
    service,
    directory: normaliseDirectory(output.directory),
  }));
  checkDirectories({ outputs, stateDir, control: controlDirectory }, report);
  const observe = observeSpec(config.observe ?? {}, report);
  if (cluster === undefined) return undefined;
  const { roots, newRoot = roots === undefined ? "accept" : "hold" } = config.trust ?? {};
  return {
    clusters: [cluster],
    trust: { ...given("roots", roots), include: [], newRoot },
    stateDir,
    services: services.filter((service) => service !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1)),
    observe,
    control: { directory: controlDirectory, ...given("group", config.control?.group) },
    log: { level: config.log?.level ?? "info", format: config.log?.format ?? "json" },
  };
}

function clusterSpec(vault: FileConfig["vault"], report: Report): ClusterSpec | undefined {
  const list = typeof vault.address === "string" ? [vault.address] : vault.address;
  const addresses = list.map((written, index) => {
    const checked = checkVaultAddress(written);
    if ("address" in checked) return checked.address;
    const path = ["vault", "address", ...(typeof vault.address === "string" ? [] : [index])];
    report({ path, at: "value", ...checked });
    return written;
  });
  const { caFile, serverName, certFile, keyFile } = vault.tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const [there, missing] = keyFile === undefined ? ["certFile", "keyFile"] : ["keyFile", "certFile"];
    const message = `${there} needs ${missing}: a client certificate is a pair`;
    report({ path: ["vault", "tls", there], at: "key", message, lacks: [["vault", "tls"]] });
  }
  const auth = authSpec(vault, report);
  if (auth === undefined) return undefined;
  return {
    name: CLUSTER,
    addresses,
    ...given("namespace", vault.namespace),
    tls: {
      ...given("caFile", caFile),
      ...given("serverName", serverName),
      ...given("certFile", certFile),
      ...given("keyFile", keyFile),
    },
    auth,
    timeouts: { connect: vault.timeouts?.connect ?? 5 * SECOND, request: vault.timeouts?.request ?? 15 * SECOND },
    concurrency: vault.concurrency ?? 16,
  };
}

function issuerSpecs(issuers: FileConfig["issuers"], report: Report): ReadonlyMap<string, IssuerSpec> {
  const specs = new Map<string, IssuerSpec>();
  for (const [name, { vault }] of Object.entries(issuers)) {
    if (!NAME.pattern.test(name)) report({ path: ["issuers", name], at: "key", message: NAME.message });
    const { mount = "pki", role, method = "sign", issuerRef } = vault;
    specs.set(name, { name, cluster: CLUSTER, mount, role, method, ...given("issuerRef", issuerRef) });
  }
  if (specs.size === 0) report({ path: ["issuers"], at: "key", message: "no issuer is defined" });
  return specs;
}

function observeSpec(observe: NonNullable<FileConfig["observe"]>, report: Report): ObserveSpec {
  const { listen = "127.0.0.1:9464", hosts = [] } = observe;
  if (listen === "off") return { hosts };
  if (!isListenAddress(listen)) {
    const hint = 'write "127.0.0.1:9464", "[::1]:9464" or "off"';
    report({ path: ["observe", "listen"], at: "value", message: "must be host:port, or off", hint });
  }
  return { listen, hosts };
}
