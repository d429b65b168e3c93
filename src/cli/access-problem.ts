import { accessSync, constants } from "node:fs";

/** Why this user cannot use a file or directory in this way (`fs.constants.R_OK`, …); undefined when it can. */
export function accessProblem(path: string, mode: number): string | undefined {
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
