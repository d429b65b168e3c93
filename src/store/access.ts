import { fchmodSync, fchownSync, fstatSync, type Stats } from "node:fs";
import { LeafdError } from "../domain/errors.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Ownership } from "./accounts.ts";
import { errnoOf } from "./disk-error.ts";

/** In the mode of a directory: what is made in it gets its group (S_ISGID, which Node does not export). */
const SETGID = 0o2000;

/** Owner, group and mode as they shall be; an undefined owner or group stays as it is. */
export interface Access extends Ownership {
  readonly mode: number;
}

/**
 * Gives an open file or directory its owner, group and mode; what is right already costs no call. A directory keeps
 * setgid, which a plain chmod would drop, where it may. `group_denied` when this user may not give it away.
 */
export function setAccess(fd: number, access: Access): void {
  const now = fstatSync(fd);
  const uid = access.uid ?? now.uid;
  const gid = access.gid ?? now.gid;
  if (uid !== now.uid || gid !== now.gid) chown(fd, uid, gid);
  const mode = access.mode | (now.isDirectory() ? now.mode & SETGID : 0);
  if ((now.mode & 0o7777) !== mode) changeMode(fd, mode);
}

/** A sandbox may refuse setgid (systemd's RestrictSUIDSGID): the directory does without, whose group is right by now. */
function changeMode(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode);
  } catch (thrown) {
    if (errnoOf(thrown) !== "EPERM" || (mode & SETGID) === 0) throw thrown;
    fchmodSync(fd, mode & ~SETGID);
  }
}

/**
 * The access of a directory of this output. It gets the group and never the owner: who owns a directory can put other
 * files into it, and leafd without CAP_DAC_OVERRIDE could not clean it up.
 */
export function directoryAccess(output: OutputSpec, ownership: Ownership): Access {
  return { mode: output.modes.directory, uid: undefined, gid: ownership.gid };
}

/** Mode, owner and group as the manifest keeps them: `0640 0:33`. */
export function describeAccess({ mode, uid, gid }: Stats): string {
  return `${(mode & 0o7777).toString(8).padStart(4, "0")} ${uid}:${gid}`;
}

function chown(fd: number, uid: number, gid: number): void {
  try {
    fchownSync(fd, uid, gid);
  } catch (thrown) {
    // EINVAL: an id that this user namespace does not map.
    if (errnoOf(thrown) !== "EPERM" && errnoOf(thrown) !== "EINVAL") throw thrown;
    throw new LeafdError("group_denied", `this user may not give files to uid ${uid}, gid ${gid}`, {
      hint: "Make leafd's user a member of that group, or give leafd CAP_CHOWN; another owner always needs CAP_CHOWN.",
      cause: thrown,
    });
  }
}
