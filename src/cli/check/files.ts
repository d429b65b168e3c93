import { constants } from "node:fs";
import type { AuthSpec, ClusterSpec } from "../../domain/cluster-spec.ts";
import type { ReloadStep } from "../../domain/reload-spec.ts";
import type { Remark } from "../../domain/remark.ts";
import type { ServiceSpec, Settings } from "../../domain/spec.ts";
import { accessProblem } from "../access-problem.ts";

type Path = readonly (string | number)[];

/** A file that the configuration names. */
interface NamedFile {
  /** The setting that names it. */
  readonly path: Path;
  readonly file: string;
  /** Who can read it can do what leafd can. */
  readonly isSecret: boolean;
}

/** The files that the configuration names: that this user can read them. */
export function checkFiles(settings: Settings): readonly Remark[] {
  return namedFiles(settings).flatMap(({ path, file }): Remark[] => {
    const problem = accessProblem(file, constants.R_OK);
    if (problem === undefined) return [];
    const { says, hint } = problem;
    return [{ severity: "error", code: "file_unreadable", subject: "files", message: `${file} ${says}`, path, hint }];
  });
}

/** Every file that leafd reads or runs, besides its configuration and what it has written itself. */
export function namedFiles({ clusters, services, trust: { roots } }: Settings): readonly NamedFile[] {
  return [
    ...clusters.flatMap(clusterFiles),
    ...(roots === undefined ? [] : [open(["trust", "roots"], roots)]),
    ...services.flatMap(serviceFiles),
  ];
}

function open(path: Path, file: string): NamedFile {
  return { path, file, isSecret: false };
}

function secret(path: Path, file: string): NamedFile {
  return { path, file, isSecret: true };
}

function clusterFiles({ name, tls, auth }: ClusterSpec): readonly NamedFile[] {
  const at = name === "default" ? ["vault"] : ["clusters", name];
  return [
    ...(tls.caFile === undefined ? [] : [open([...at, "tls", "caFile"], tls.caFile)]),
    ...(tls.certFile === undefined ? [] : [open([...at, "tls", "certFile"], tls.certFile)]),
    ...(tls.keyFile === undefined ? [] : [secret([...at, "tls", "keyFile"], tls.keyFile)]),
    ...credentialFiles(auth, [...at, "auth", auth.kind]),
  ];
}

function credentialFiles(auth: AuthSpec, at: Path): readonly NamedFile[] {
  switch (auth.kind) {
    case "tokenFile":
      return [secret([...at, "path"], auth.path)];
    case "approle":
      return [
        ...("file" in auth.roleId ? [open([...at, "roleIdFile"], auth.roleId.file)] : []),
        ...(auth.secretIdFile === undefined ? [] : [secret([...at, "secretIdFile"], auth.secretIdFile)]),
      ];
    case "kubernetes":
    case "jwt":
      return [secret([...at, "tokenFile"], auth.tokenFile)];
    case "userpass":
      return [secret([...at, "passwordFile"], auth.passwordFile)];
    case "token":
    case "cert":
      return [];
    default:
      return auth satisfies never;
  }
}

function serviceFiles({ name, preReload, reload, escalate, outage: { atExpiry } }: ServiceSpec): readonly NamedFile[] {
  const lists = { preReload, reload, escalate };
  const steps = Object.entries(lists).flatMap(([key, list]) =>
    list.flatMap((step, i) => stepFiles(step, ["services", name, key, i])),
  );
  if (atExpiry.kind !== "exec") return steps;
  return [...steps, ...atExpiry.steps.flatMap((step) => stepFiles(step, ["services", name, "outage", "atExpiry"]))];
}

function stepFiles(step: ReloadStep, at: Path): readonly NamedFile[] {
  if (step.kind === "exec") return step.argv[0].startsWith("/") ? [open([...at, "exec", "command"], step.argv[0])] : [];
  if (step.kind !== "http") return [];
  const headers = Object.entries(step.headerFiles).map(([name, file]) =>
    secret([...at, "http", "headerFiles", name], file),
  );
  return step.caFile === undefined ? headers : [...headers, open([...at, "http", "caFile"], step.caFile)];
}
