import { existsSync, readFileSync } from "node:fs";
import type { Complaint, Remark } from "../../domain/remark.ts";
import type { Ownership } from "../../store/accounts.ts";

/** What decides to whom a process may give its files (chown(2)). */
export interface Giver {
  readonly uid: number;
  /** The group it has and those it is a member of. */
  readonly gids: ReadonlySet<number>;
  /** CAP_CHOWN: to anybody. */
  readonly mayGiveAway: boolean;
}

/**
 * That the owner and group of an output can be given to its files. A warning and no error: the unit that starts leafd may
 * allow what the shell, in which this is asked, does not (SupplementaryGroups=, CAP_CHOWN).
 */
export function checkGiving(service: string, { uid, gid }: Ownership, giver: Giver): readonly Remark[] {
  if (giver.mayGiveAway) return [];
  return [
    ...(uid === undefined || uid === giver.uid ? [] : [OWNER]),
    ...(gid === undefined || giver.gids.has(gid) ? [] : [GROUP]),
  ].map(({ key, ...said }) => ({
    severity: "warning" as const,
    code: "group_denied" as const,
    subject: `service ${service}`,
    path: ["services", service, "output", key],
    ...said,
  }));
}

type Said = Pick<Complaint, "message" | "hint"> & { readonly key: "owner" | "group" };

const OWNER: Said = {
  key: "owner",
  message: "this user may not give files to another owner",
  hint: "Give leafd CAP_CHOWN, or use output.group: under systemd as deploy/systemd/dependents.conf.example has it.",
};

const GROUP: Said = {
  key: "group",
  message: "this user is no member of that group, and so may not give files to it",
  hint: "Make leafd's user a member; under systemd SupplementaryGroups= is enough (deploy/systemd/dependents.conf.example).",
};

/** This process. Where there is no /proc (a chroot), root is taken to have what it usually has. */
export function thisUser(status = "/proc/self/status"): Giver {
  const uid = process.geteuid?.() ?? 0;
  const gids = new Set([...(process.getgroups?.() ?? []), process.getegid?.() ?? 0]);
  const effective = existsSync(status) ? /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync(status, "utf8"))?.[1] : undefined;
  if (effective === undefined) return { uid, gids, mayGiveAway: uid === 0 };
  return { uid, gids, mayGiveAway: (Number.parseInt(effective.slice(-1), 16) & CAP_CHOWN) !== 0 };
}

/** The lowest bit of a set of capabilities (capabilities(7)). */
const CAP_CHOWN = 1;
