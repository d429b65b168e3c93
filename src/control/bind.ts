import { once } from "node:events";
import { chmod, chown, lstat, rename, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { LeafdError, toLeafdError } from "../domain/errors.ts";

interface SocketPlace {
  /** A private directory (0700) on the same file system as `path`: nobody connects before the mode is right. */
  readonly stagingPath: string;
  readonly path: string;
  readonly mode: number;
  readonly gid?: number;
}

/** chown(2): leave the owner as it is. */
const KEEP_OWNER = -1;
/** How long a socket that is in the way has to accept a connection: locally that takes no time. */
const PROBE_MS = 2000;

/**
 * Makes `server` listen at `path` with exactly this mode and group: bound in private, then moved into place, which also
 * replaces the socket of a leafd that died. Answers a function that removes the socket again if it is still ours.
 * Rejects with `state_locked` when a living process answers there, `target_unsafe` when something else than a socket is
 * in the way, `group_denied` when the group may not be given.
 */
export async function bindSocket(server: Server, place: SocketPlace): Promise<() => Promise<void>> {
  await refuseOccupied(place.path);
  server.listen({ path: place.stagingPath });
  await once(server, "listening");
  await setAccess(place);
  const { dev, ino } = await lstat(place.stagingPath);
  await rename(place.stagingPath, place.path);
  return async () => {
    const now = await lstat(place.path).catch(() => undefined);
    if (now?.dev === dev && now.ino === ino) await unlink(place.path).catch(() => {}); // Somebody was faster: as good.
  };
}

async function setAccess({ stagingPath, path, mode, gid }: SocketPlace): Promise<void> {
  if (gid !== undefined)
    await chown(stagingPath, KEEP_OWNER, gid).catch((thrown: unknown) => {
      throw new LeafdError("group_denied", `cannot give ${path} to group ${gid}: ${toLeafdError(thrown).message}`, {
        hint: "Add leafd's user to the group of control.group, or run leafd with CAP_CHOWN.",
      });
    });
  await chmod(stagingPath, mode);
}

async function refuseOccupied(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined) return;
  if (!there.isSocket())
    throw new LeafdError("target_unsafe", `${path} is in the way and is not a socket`, { hint: "Remove it." });
  if (await accepts(path))
    throw new LeafdError("state_locked", `another leafd answers at ${path}`, {
      hint: "Stop it, or give this one a control.directory of its own.",
    });
}

/** True when a living process listens there: a dead one's socket refuses. A full backlog counts as living. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: PROBE_MS });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(true));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "EAGAIN"));
  });
}
