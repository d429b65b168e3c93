import { constants, readFileSync } from "node:fs";
import { parseCertificates } from "../domain/certificate.ts";
import type { AuthSpec, ClusterSpec } from "../domain/cluster-spec.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import type { ServiceSpec, Settings } from "../domain/spec.ts";
import { accessProblem } from "./access-problem.ts";
import type { Remark } from "./check-report.ts";

type Path = readonly (string | number)[];
/** A setting, and the file that it names. */
type NamedFile = readonly [Path, string];

/** The files that the configuration names: that this user can read them, and what the trust anchors are. */
export function checkFiles({ clusters, services, trust: { roots } }: Settings): readonly Remark[] {
  const files: readonly NamedFile[] = [
    ...clusters.flatMap(clusterFiles),
    ...(roots === undefined ? [] : [[ROOTS, roots] as const]),
    ...services.flatMap(serviceFiles),
  ];
  const unreadable = files.flatMap(([path, file]): Remark[] => {
    const problem = accessProblem(file, constants.R_OK);
    if (problem === undefined) return [];
    const hint = "Create it, or correct the path; leafd's user must be able to read it.";
    return [{ severity: "error", subject: "files", message: `${file} ${problem}`, path, hint }];
  });
  const isUnreadable = unreadable.some(({ path }) => path === ROOTS);
  return [...unreadable, ...(roots === undefined || isUnreadable ? [] : checkRoots(roots))];
}

const ROOTS: Path = ["trust", "roots"];

/** An anchor may be an intermediate: leafd takes it, and not every peer does. */
function checkRoots(file: string): readonly Remark[] {
  const about = { subject: "files", path: ROOTS };
  try {
    const anchors = parseCertificates(readFileSync(file, "utf8"));
    if (anchors.length === 0) return [{ severity: "error", message: `${file} holds no PEM certificate`, ...about }];
    return anchors
      .filter(({ selfSigned }) => !selfSigned)
      .map(({ subject }) => ({
        severity: "warning",
        message: `${file} holds "${subject}", which is not self-signed`,
        hint: "OpenSSL peers need partial_chain to trust it; put its root there instead if you can.",
        ...about,
      }));
  } catch (thrown) {
    return [{ severity: "error", message: `${file}: ${toLeafdError(thrown).message}`, ...about }];
  }
}

function clusterFiles({ name, tls, auth }: ClusterSpec): readonly NamedFile[] {
  const at = name === "default" ? ["vault"] : ["clusters", name];
  const named = [
    ...(["caFile", "certFile", "keyFile"] as const).map((key) => [[...at, "tls", key], tls[key]] as const),
    ...credentialFiles(auth).map(([key, file]) => [[...at, "auth", auth.kind, key], file] as const),
  ];
  return named.flatMap(([path, file]) => (file === undefined ? [] : [[path, file] as const]));
}

function credentialFiles(auth: AuthSpec): readonly (readonly [string, string | undefined])[] {
  switch (auth.kind) {
    case "tokenFile":
      return [["path", auth.path]];
    case "approle":
      return [
        ["roleIdFile", "file" in auth.roleId ? auth.roleId.file : undefined],
        ["secretIdFile", auth.secretIdFile],
      ];
    case "kubernetes":
    case "jwt":
      return [["tokenFile", auth.tokenFile]];
    case "userpass":
      return [["passwordFile", auth.passwordFile]];
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
  if (step.kind === "exec") return step.argv[0].startsWith("/") ? [[[...at, "exec", "command"], step.argv[0]]] : [];
  if (step.kind !== "http") return [];
  const headers = Object.entries(step.headerFiles).map(
    ([name, file]) => [[...at, "http", "headerFiles", name], file] as const,
  );
  return step.caFile === undefined ? headers : [...headers, [[...at, "http", "caFile"], step.caFile]];
}
