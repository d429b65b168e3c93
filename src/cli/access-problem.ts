import { accessSync, constants } from "node:fs";

/** Why something cannot be used, and what to do about it. */
export interface AccessProblem {
  /** Completes a sentence that begins with the path. */
  readonly says: string;
  readonly hint: string;
}

/** Why this user cannot use a file or directory in this way (`fs.constants.R_OK`, …); undefined when it can. */
export function accessProblem(path: string, mode: number): AccessProblem | undefined {
  const [verb, done] = mode === constants.R_OK ? ["read it", "read"] : ["write to it", "written"];
  try {
    accessSync(path, mode);
    return undefined;
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      return { says: "does not exist", hint: `Create ${path}, or correct the path; leafd's user has to ${verb}.` };
    if (code === "EROFS")
      return {
        says: "is on a read-only file system",
        hint: "Mount it writable, or choose another place; under systemd list it in ReadWritePaths=.",
      };
    const hint = `Let leafd's user ${verb}; this was looked at as ${currentUser()}.`;
    return { says: `cannot be ${done} by this user`, hint };
  }
}

/** Who this process is: the first thing to know of a right that is missing. */
function currentUser(): string {
  return `uid ${process.geteuid?.()}`;
}
