import { normalize } from "node:path/posix";
import { normaliseNames } from "../domain/names.ts";
import type { CertificateRequest, IssuerSpec, OutputSpec, ServiceSpec } from "../domain/spec.ts";
import { checkModes, checkNames, holds } from "./checks.ts";
import { NAME } from "./forms.ts";
import { given } from "./given.ts";
import { reloadStep } from "./reload-steps.ts";
import { closest, type Path, type Problem } from "./report.ts";
import type { FileConfig, FileService } from "./schema.ts";

type Report = (problem: Problem) => unknown;

interface Surroundings {
  readonly defaults: NonNullable<FileConfig["defaults"]>;
  readonly issuers: ReadonlyMap<string, IssuerSpec>;
  /** Normalised. */
  readonly stateDir: string;
  readonly report: Report;
}

/** One service of the file, complete: its own keys, else those of `defaults`, else leafd's. */
export function serviceSpec(name: string, service: FileService, around: Surroundings): ServiceSpec | undefined {
  const { defaults, report } = around;
  if (!NAME.pattern.test(name)) report({ path: ["services", name], at: "key", message: NAME.message });
  const issuer = issuerOf(name, service, around);
  const reload = service.reload ?? defaults.reload ?? [];
  const reloadPath = [...origin(name, service.reload), "reload"];
  const steps = reload.map((step, index) => reloadStep(step, [...reloadPath, index], report));
  const request = requestOf(name, service, around);
  const output = outputOf(name, service, around);
  if (issuer === undefined) return undefined;
  return {
    name,
    required: service.required ?? defaults.required ?? true,
    request,
    issuers: [issuer],
    output,
    preReload: [],
    reload: steps.filter((step) => step !== undefined),
    escalate: [],
    probes: [],
    renewAt: service.renewAt ?? defaults.renewAt ?? 2 / 3,
    outage: { atExpiry: { kind: "keep" } },
    windows: [],
    revokeOld: false,
  };
}

/** Absolute and normalised, without a slash at its end. */
export function normaliseDirectory(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Where a key was written: at the service when it has a value of its own, else at `defaults`. */
function origin(name: string, own: unknown): Path {
  return own === undefined ? ["defaults"] : ["services", name];
}

function issuerOf(
  name: string,
  service: FileService,
  { defaults, issuers, report }: Surroundings,
): IssuerSpec | undefined {
  const wanted = (service.issuers ?? defaults.issuers)?.[0];
  const [only, ...further] = issuers.values();
  const known = [...issuers.keys()];
  if (wanted === undefined) {
    if (further.length > 0) {
      const hint = `write issuers: [${known[0]}]; there are ${known.join(", ")}`;
      const path = ["services", name];
      report({ path, at: "key", message: "which issuer signs is not said", hint, lacks: [path] });
    }
    return further.length > 0 ? undefined : only;
  }
  const issuer = issuers.get(wanted);
  // Without any issuer that is what is said.
  if (issuer === undefined && known.length > 0) {
    const meant = closest(wanted, known);
    const hint = meant === undefined ? `there are ${known.join(", ")}` : `did you mean "${meant}"?`;
    const path = [...origin(name, service.issuers), "issuers", 0];
    report({ path, at: "value", message: "no issuer of this name is defined", hint });
  }
  return issuer;
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
