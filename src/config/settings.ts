import { join } from "node:path/posix";
import type { ObserveSpec, ReviewSpec, Settings } from "../domain/spec.ts";
import { DAY, SECOND } from "../domain/units.ts";
import { parseEndpoint } from "./addresses.ts";
import { checkDirectories } from "./checks.ts";
import { clusterSpecs } from "./clusters.ts";
import { given } from "./given.ts";
import { issuerSpecs, issuersNamed } from "./issuers.ts";
import type { FileConfig } from "./schema.ts";
import { normaliseDirectory, serviceSpec } from "./services.ts";
import type { Report } from "./surroundings.ts";

type Places = Pick<FileConfig, "stateDir"> & {
  readonly control?: { readonly directory?: string | undefined } | undefined;
};

function stateDirectory({ stateDir }: Places): string {
  return normaliseDirectory(stateDir ?? "/var/lib/leafd");
}

/** Where the control sockets are, by the part of the configuration that says so. */
export function controlDirectory(config: Places): string {
  return normaliseDirectory(config.control?.directory ?? join(stateDirectory(config), "control"));
}

/**
 * The file's configuration with its defaults filled in; whatever keeps it from being used is reported, and then the
 * answer means nothing. Pure: looks at no disk, so what it names (a CA file, a group) may be missing.
 */
export function toSettings(config: FileConfig, report: Report): Settings {
  const stateDir = stateDirectory(config);
  const control = controlDirectory(config);
  const clusters = clusterSpecs(config, report);
  const issuers = issuerSpecs(config, report);
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
  checkDirectories({ outputs, stateDir, control }, report);
  const observe = observeSpec(config.observe ?? {}, report);
  const { roots, include: names = [], newRoot = roots === undefined ? "accept" : "hold" } = config.trust ?? {};
  const include = issuersNamed({ names, path: ["trust", "include"] }, issuers, report);
  return {
    clusters,
    trust: { ...given("roots", roots), include, newRoot },
    stateDir,
    services: services.filter((service) => service !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1)),
    observe,
    review: reviewSpec(config, observe),
    control: { directory: control, ...given("group", config.control?.group) },
    log: { level: config.log?.level ?? "info", format: config.log?.format ?? "json" },
  };
}

function reviewSpec({ observe = {}, policy = {} }: FileConfig, { listen }: ObserveSpec): ReviewSpec {
  const byDefault = listen === undefined ? undefined : 15 * SECOND;
  return { maxTtl: policy.maxTtl ?? 90 * DAY, ...given("scrapeInterval", observe.scrapeInterval ?? byDefault) };
}

function observeSpec(observe: NonNullable<FileConfig["observe"]>, report: Report): ObserveSpec {
  const { listen = "127.0.0.1:9464", hosts = [] } = observe;
  if (listen === "off") return { hosts };
  if (parseEndpoint(listen) === undefined) {
    const hint = 'write "127.0.0.1:9464", "[::1]:9464" or "off"';
    report({ path: ["observe", "listen"], at: "value", message: "must be host:port, or off", hint });
  }
  return { listen, hosts };
}
