import { normalize } from "node:path/posix";
import type { IssuerSpec } from "../domain/cluster-spec.ts";
import { normaliseNames } from "../domain/names.ts";
import { DEFAULT_RENEW_AT } from "../domain/schedule.ts";
import type { CertificateRequest, OutputSpec, ServiceSpec } from "../domain/spec.ts";
import type { Reloads } from "./at-expiry.ts";
import { checkModes, checkNames, holds } from "./checks.ts";
import { probeSpecs, windowSpecs } from "./confirmation.ts";
import { NAME } from "./forms.ts";
import { given } from "./given.ts";
import { issuersNamed } from "./issuers.ts";
import { outageSpec } from "./outage.ts";
import { reloadStep } from "./reload-steps.ts";
import type { FileService } from "./schema-service.ts";
import { origin, type Surroundings, sourcesOf } from "./surroundings.ts";

/** One service of the file, complete: its own keys, else those of `defaults`, else leafd's. */
export function serviceSpec(name: string, service: FileService, around: Surroundings): ServiceSpec | undefined {
  const { defaults, report } = around;
  if (!NAME.pattern.test(name)) report({ path: ["services", name], at: "key", message: NAME.message });
  const issuers = issuersOf(name, service, around);
  const request = requestOf(name, service, around);
  const output = outputOf(name, service, around);
  const reload = stepsOf("reload", { name, service }, around);
  const preReload = stepsOf("preReload", { name, service }, around);
  const escalate = stepsOf("escalate", { name, service }, around);
  const probes = probeSpecs(service.probe, ["services", name, "probe"], report);
  if (service.escalate !== undefined && service.escalate.length > 0 && service.probe === undefined) {
    const path = ["services", name, "escalate"];
    const message = "nothing would ever escalate: no probe could show that a reload did not help";
    const hint = "add a probe, or leave escalate out";
    report({ path, at: "key", message, hint, lacks: [["services", name]] });
  }
  const outage = outageSpec({ name, service, issuers, ttl: request.ttl, reload }, around);
  const windowsAt = [...origin(name, service.windows), "windows"];
  const windows = windowSpecs(service.windows ?? defaults.windows ?? [], windowsAt, report);
  const [first, ...further] = issuers;
  if (first === undefined) return undefined;
  return {
    name,
    required: service.required ?? defaults.required ?? true,
    request,
    issuers: [first, ...further],
    output,
    preReload: preReload.steps,
    reload: reload.steps,
    // That of `defaults` is for the services that are probed.
    escalate: probes.length === 0 ? [] : escalate.steps,
    probes,
    renewAt: service.renewAt ?? defaults.renewAt ?? DEFAULT_RENEW_AT,
    outage,
    windows,
    revokeOld: service.revokeOld ?? defaults.revokeOld ?? false,
  };
}

/** Absolute and normalised, without a slash at its end. */
export function normaliseDirectory(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

interface Named {
  readonly name: string;
  readonly service: FileService;
}

/** The steps of one of the lists of steps, its own or that of `defaults`. */
function stepsOf(
  key: "preReload" | "reload" | "escalate",
  { name, service }: Named,
  { defaults, report }: Surroundings,
): Reloads {
  const path = [...origin(name, service[key]), key];
  const written = service[key] ?? defaults[key] ?? [];
  const steps = written
    .map((step, index) => reloadStep(step, [...path, index], report))
    .filter((step) => step !== undefined);
  return { steps, complete: steps.length === written.length };
}

/** Whom to ask, in this order; empty when that cannot be told, which is reported. */
function issuersOf(name: string, service: FileService, { defaults, issuers, report }: Surroundings): IssuerSpec[] {
  const names = service.issuers ?? defaults.issuers;
  if (names !== undefined)
    return issuersNamed({ names, path: [...origin(name, service.issuers), "issuers"] }, issuers, report);
  const known = [...issuers.keys()];
  if (known.length > 1) {
    const hint = `write issuers: [${known[0]}], or several in the order in which to ask; there are ${known.join(", ")}`;
    const [path, lacks] = [["services", name], sourcesOf(name, "issuers")];
    report({ path, at: "key", message: "which issuer signs is not said", hint, lacks });
    return [];
  }
  return [...issuers.values()];
}

function requestOf(name: string, service: FileService, { defaults, report }: Surroundings): CertificateRequest {
  const { commonName, dns = [], ips = [], uris = [], emails = [] } = service.identity;
  const names = { ...given("commonName", commonName), dns, ips, uris, emails };
  checkNames(names, ["services", name, "identity"], report);
  const { notAfter } = service;
  if (notAfter !== undefined && service.ttl !== undefined) {
    const path = ["services", name, "notAfter"];
    report({ path, at: "key", message: "ttl and notAfter are both given", hint: "give one of them" });
  }
  return {
    names: normaliseNames(names),
    key: service.key ?? defaults.key ?? "ec-p256",
    reuseKey: service.reuseKey ?? defaults.reuseKey ?? false,
    usages: [...new Set(service.usages ?? defaults.usages ?? (["server", "client"] as const))],
    ...given("ttl", notAfter === undefined ? (service.ttl ?? defaults.ttl) : undefined),
    ...given("notAfter", notAfter),
  };
}

function outputOf(name: string, service: FileService, { defaults, stateDir, report }: Surroundings): OutputSpec {
  const own = service.output;
  const directory = normaliseDirectory(own.directory);
  const modes = { ...defaults.output?.modes, ...own.modes };
  const group = own.group ?? defaults.output?.group;
  const output: OutputSpec = {
    directory,
    ...given("makeBelow", holds(stateDir, directory) ? stateDir : undefined),
    ...given("owner", own.owner ?? defaults.output?.owner),
    ...given("group", group),
    modes: {
      key: modes.key ?? (group === undefined ? 0o600 : 0o640),
      cert: modes.cert ?? 0o644,
      directory: modes.directory ?? (group === undefined ? 0o755 : 0o750),
    },
    layout: own.layout ?? defaults.output?.layout ?? "generations",
  };
  const origins = {
    mode: (mode: "key" | "cert" | "directory") => [...origin(name, own.modes?.[mode]), "output", "modes", mode],
    groups: [
      ["services", name, "output"],
      ["defaults", "output"],
    ],
  };
  checkModes(output, origins, report);
  return output;
}
