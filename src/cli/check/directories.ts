import { constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { STATUS_SOCKET } from "../../control/protocol.ts";
import { socketPath } from "../../control/socket-path.ts";
import { type LeafdError, toLeafdError } from "../../domain/errors.ts";
import type { Complaint, Remark } from "../../domain/remark.ts";
import type { ControlSpec, OutputSpec, Settings } from "../../domain/spec.ts";
import { Accounts } from "../../store/accounts.ts";
import { rootInPlaceOfOwner } from "../../store/lock.ts";
import { refusalOf } from "../../store/output-facts.ts";
import { type AccessProblem, accessProblem } from "../access-problem.ts";
import { checkGiving, thisUser } from "./giving.ts";

type Path = readonly (string | number)[];

/** The directories that leafd writes to: that this user can, and that the groups it writes for get there. Changes nothing. */
export async function checkDirectories({ stateDir, control, services }: Settings): Promise<readonly Remark[]> {
  const accounts = new Accounts();
  const state = checkState(stateDir);
  const misplaced = rootInPlaceOfOwner(stateDir);
  // What lies below a state directory that cannot be used is not looked at: it would be said twice.
  const isBelow = ({ makeBelow }: OutputSpec) => makeBelow !== undefined && state.length > 0;
  const outputs = services.filter(({ output }) => !isBelow(output));
  const checked = outputs.map(({ name, output }) => checkOutput(name, output, { accounts, stateDir }));
  const seen = misplaced === undefined ? [] : [seenAsRoot(misplaced)];
  return [...seen, ...state, ...(await checkControl(control, accounts)), ...(await Promise.all(checked)).flat()];
}

/** Root may read and write everything: that says little of the user whom the state directory belongs to. */
function seenAsRoot({ message: why }: LeafdError): Remark {
  const message = `what leafd's user may read and write was not looked at, since this is root: ${why}`;
  const hint = "Run it as that user: runuser -u leafd -- leafd check.";
  return { severity: "skipped", code: "user_skipped", subject: "this user", message, hint };
}

/** As the lock (store/lock.ts) wants it. */
function checkState(stateDir: string): readonly Remark[] {
  const isThere = isPresent(stateDir);
  const target = isThere ? stateDir : dirname(stateDir);
  const about = { subject: "stateDir", path: ["stateDir"] };
  const problem = writeProblem(target);
  if (problem !== undefined) return [unwritable(target, problem, about)];
  if (!isThere || (statSync(stateDir).mode & 0o002) === 0) return [];
  const message = `everybody may write to ${stateDir}, and so choose whom leafd trusts`;
  return [{ severity: "error", code: "state_open", message, hint: `Run chmod o-w ${stateDir}.`, ...about }];
}

/** That a socket can be there; the group that may read the status, and its way to it. */
async function checkControl({ directory, group }: ControlSpec, accounts: Accounts): Promise<readonly Remark[]> {
  const tooLong = socketPathProblem(directory);
  if (tooLong !== undefined) {
    const hint = "Set control.directory to a shorter path: until then status, renew, wait and the gate find no leafd.";
    const path = ["control", "directory"];
    return [{ severity: "error", code: "socket_path_long", subject: "control", message: tooLong, hint, path }];
  }
  const about = { subject: "control", path: ["control", "group"] };
  try {
    const { gid } = await accounts.resolve(group === undefined ? {} : { group });
    return closedRemarks(gid, lowestPresent(directory), { ...about, group, purpose: "read the status" });
  } catch (thrown) {
    return [{ severity: "error", code: "account_unknown", message: toLeafdError(thrown).message, ...about }];
  }
}

/** The directory, or where it is to be made, as this user may use it; the names of its owner and group. */
async function checkOutput(
  service: string,
  output: OutputSpec,
  { accounts, stateDir }: { readonly accounts: Accounts; readonly stateDir: string },
): Promise<readonly Remark[]> {
  const path = ["services", service, "output", "directory"];
  const subject = `service ${service}`;
  const { directory, group } = output;
  const isThere = isPresent(directory);
  const target = isThere ? directory : whereMade(output);
  const problem = writeProblem(target);
  if (problem !== undefined) return [unwritable(target, problem, { subject, path })];
  const refusal = isThere ? refusalOf(output, stateDir) : undefined;
  if (refusal !== undefined) {
    const { reason: code, message, hint } = refusal;
    return [{ severity: "error", code, subject, message, path, ...(hint === undefined ? {} : { hint }) }];
  }
  try {
    const ownership = await accounts.resolve(output);
    const purpose = "read what is published below";
    const unfit = [
      ...closedRemarks(ownership.gid, target, { subject, path, group, purpose }),
      ...checkGiving(service, ownership, thisUser()),
    ];
    if (unfit.length > 0) return unfit;
  } catch (thrown) {
    const { message } = toLeafdError(thrown);
    const at = ["services", service, "output", "group"];
    return [{ severity: "error", code: "account_unknown", subject, message, path: at }];
  }
  const message = isThere ? `${target} can be written` : `${directory} will be made in ${target}`;
  return [{ severity: "ok", subject, message }];
}

/** The parent; below the state directory leafd makes that as well. */
function whereMade({ directory, makeBelow }: OutputSpec): string {
  const parent = dirname(directory);
  return makeBelow === undefined ? parent : lowestPresent(parent);
}

function lowestPresent(directory: string): string {
  return isPresent(directory) ? directory : lowestPresent(dirname(directory));
}

interface Purpose extends Pick<Remark, "subject"> {
  readonly path: Path;
  readonly group: string | undefined;
  /** What the group is to do there. */
  readonly purpose: string;
}

/** A warning when a directory on the way down lets this group not pass; none without a group. */
function closedRemarks(gid: number | undefined, target: string, of: Purpose): readonly Remark[] {
  const closed = gid === undefined ? undefined : closedTo(gid, target);
  if (closed === undefined) return [];
  const { subject, path, group, purpose } = of;
  const message = `the group ${group} cannot pass ${closed.directory}, so it cannot ${purpose}`;
  const hint = `Run chmod ${closed.open} ${closed.directory}.`;
  return [{ severity: "warning", code: "group_shut_out", subject, message, hint, path }];
}

/** The first directory on the way down that this group cannot pass, and what would open it. */
function closedTo(gid: number, directory: string): { readonly directory: string; readonly open: string } | undefined {
  const above = directory === "/" ? undefined : closedTo(gid, dirname(directory));
  if (above !== undefined) return above;
  const { mode, gid: group } = statSync(directory);
  const [bit, open] = group === gid ? [0o010, "g+x"] : [0o001, "o+x"];
  return (mode & bit) === 0 ? { directory, open } : undefined;
}

function socketPathProblem(directory: string): string | undefined {
  try {
    socketPath(directory, STATUS_SOCKET);
    return undefined;
  } catch (thrown) {
    return toLeafdError(thrown).message;
  }
}

function isPresent(path: string): boolean {
  return accessProblem(path, constants.F_OK) === undefined;
}

function writeProblem(directory: string): AccessProblem | undefined {
  if (isPresent(directory) && !statSync(directory).isDirectory())
    return { says: "is not a directory", hint: "Remove it, or choose another path." };
  return accessProblem(directory, constants.W_OK | constants.X_OK);
}

function unwritable(target: string, { says, hint }: AccessProblem, about: Pick<Complaint, "subject" | "path">): Remark {
  return { severity: "error", code: "directory_unwritable", message: `${target} ${says}`, hint, ...about };
}
