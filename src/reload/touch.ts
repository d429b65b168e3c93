import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LeafdError } from "../domain/errors.ts";
import type { Clock } from "../rotation/ports.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
const CREATED_MODE = 0o644;

/**
 * Sets the modification time of a regular file to now, for a dependent that watches it; an absent file is created,
 * empty and 0644. Content is never changed, and a symlink is refused: it could have been planted.
 */
export async function runTouch(path: string, clock: Clock): Promise<string> {
  try {
    await using file = await openOrCreate(path);
    const facts = await file.stat();
    if (!facts.isFile()) throw notAFile(path);
    const now = clock.now() / 1000;
    await file.utimes(now, now);
    return `touched ${path}`;
  } catch (error) {
    throw error instanceof LeafdError ? error : touchFailed(path, error);
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    // Non-blocking, so that a FIFO is an error and not a wait.
    return await open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const created = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, CREATED_MODE);
  await created.chmod(CREATED_MODE); // whatever the umask is
  return created;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function notAFile(path: string): LeafdError {
  return new LeafdError("reload_target", `${path} is not a regular file`, {
    hint: "Name a plain file that the dependent watches, not a directory, device or symlink.",
  });
}

function touchFailed(path: string, error: unknown): LeafdError {
  const code = codeOf(error);
  switch (code) {
    case "ELOOP": // a symlink, because of O_NOFOLLOW
    case "EISDIR":
    case "ENXIO": // a FIFO or a socket
      return notAFile(path);
    case "ENOENT":
    case "ENOTDIR":
      return new LeafdError("reload_target", `${path} cannot be created: its directory does not exist`, {
        hint: "Create the directory; leafd creates only the file.",
      });
    default:
      return new LeafdError("reload_failed", `${path} cannot be touched (${code})`, {
        hint: "The file must belong to the user that leafd runs as, or be in a directory where it may create it.",
      });
  }
}
