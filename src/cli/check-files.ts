import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { toLeafdError } from "../domain/errors.ts";
import type { AuthSpec, ClusterSpec, OutputSpec, ReloadStep, Settings } from "../domain/spec.ts";
import { Accounts } from "../store/accounts.ts";
import type { Remark } from "./check-report.ts";

type Path = readonly (string | number)[];

/** What this machine has to say about the configuration: files that it names, directories it writes to. Changes nothing. */
export async function checkFiles(settings: Settings): Promise<readonly Remark[]> {
  const files = [
    ...settings.clusters.flatMap(clusterFiles),
    ...(settings.trust.roots === undefined ? [] : [[["trust", "roots"], settings.trust.roots] as const]),
    ...settings.services.flatMap(({ name, reload }) =>
      reload.flatMap((step, i) => reloadFiles(step, ["services", name, "reload", i])),
    ),
  ];
  const unreadable = files.flatMap(([path, file]) => {
    const problem = accessProblem(file, constants.R_OK);
    const message = `${file} ${problem}`;
    return problem === undefined
      ? []
      : [
          {
            severity: "error" as const,
            subject: "files",
            message,
            path,
            hint: "Create it, or correct the path; leafd's user must be able to read it.",
          },
        ];
  });
  const accounts = new Accounts();
  const outputs = await Promise.all(
    settings.services.map(({ name, output }) => checkOutput(name, output, { accounts, stateDir: settings.stateDir })),
  );
  return [...unreadable, ...outputs.flat()];
}

function clusterFiles({ name, tls, auth }: ClusterSpec): readonly (readonly [Path, string])[] {
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

function reloadFiles(step: ReloadStep, at: Path): readonly (readonly [Path, string])[] {
  if (step.kind === "exec") return step.argv[0].startsWith("/") ? [[[...at, "exec", "command"], step.argv[0]]] : [];
  if (step.kind !== "http") return [];
  const headers = Object.entries(step.headerFiles).map(
    ([name, file]) => [[...at, "http", "headerFiles", name], file] as const,
  );
  return step.caFile === undefined ? headers : [...headers, [[...at, "http", "caFile"], step.caFile]];
}

interface Surroundings {
  readonly accounts: Accounts;
  readonly stateDir: string;
}

/** The directory, or where it is to be made, as this user may use it; the names of its owner and group. */
async function checkOutput(service: string, output: OutputSpec, around: Surroundings): Promise<readonly Remark[]> {
  const path = ["services", service, "output", "directory"];
  const subject = `service ${service}`;
  const { directory } = output;
  const present = accessProblem(directory, constants.F_OK) === undefined;
  const target = present ? directory : whereMade(directory, around.stateDir);
  const problem =
    accessProblem(target, constants.W_OK | constants.X_OK) ??
    (statSync(target).isDirectory() ? undefined : "is not a directory");
  const hint = present ? "Let leafd's user write to it." : `Create ${target} and let leafd's user write to it.`;
  if (problem !== undefined) return [{ severity: "error", subject, message: `${target} ${problem}`, hint, path }];
  try {
    const { gid } = await around.accounts.resolve(output);
    const closed = gid === undefined ? undefined : closedTo(gid, target);
    if (closed !== undefined) {
      const message = `the group ${output.group} cannot pass ${closed}, so it cannot read what is published below`;
      return [{ severity: "warning", subject, message, hint: `Run chmod o+x ${closed}.`, path }];
    }
  } catch (thrown) {
    const { message } = toLeafdError(thrown);
    return [{ severity: "error", subject, message, path: ["services", service, "output", "group"] }];
  }
  const message = present ? `${target} can be written` : `${directory} will be made in ${target}`;
  return [{ severity: "ok", subject, message }];
}

/** The parent; below the state directory leafd makes that as well. */
function whereMade(directory: string, stateDir: string): string {
  let target = dirname(directory);
  while (`${target}/`.startsWith(`${stateDir}/`) && accessProblem(target, constants.F_OK) !== undefined)
    target = dirname(target);
  return target;
}

/** The first directory on the way down that lets neither everybody nor this group pass. */
function closedTo(gid: number, directory: string): string | undefined {
  const ways = directory === "/" ? [] : [closedTo(gid, dirname(directory))];
  const { mode, gid: group } = statSync(directory);
  const isOpen = (mode & 0o001) !== 0 || (group === gid && (mode & 0o010) !== 0);
  return ways[0] ?? (isOpen ? undefined : directory);
}

function accessProblem(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
    if (code === "EROFS") return "is on a read-only file system";
    return mode === constants.R_OK ? "cannot be read by this user" : "cannot be written by this user";
  }
}
