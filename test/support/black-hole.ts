import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

/** A connection on loopback that takes longer than this is not coming. */
const LONGEST_CONNECT = 500;

/**
 * Makes a loopback port swallow connections: a process that listens there is stopped, and its queue filled, so that the
 * kernel drops every further SYN. No privilege needed. Ends with the scope; safe to end twice.
 */
export async function blackHole(port: number): Promise<AsyncDisposable> {
  const program = join(import.meta.dirname, "../fixtures/accept-nothing.mjs");
  const child = spawn(process.execPath, [program, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const ended = once(child, "exit");
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  const close = async (): Promise<void> => {
    for (const filler of fillers) filler.destroy();
    child.kill("SIGKILL");
    await ended;
  };
  for (let count = 0; count < 16; count++) {
    const filler = connect(port, "127.0.0.1");
    filler.on("error", () => undefined);
    fillers.push(filler);
    if (!(await connects(filler))) return { [Symbol.asyncDispose]: close };
  }
  await close();
  throw new Error("the queue of a stopped process does not fill up here");
}

async function connects(socket: Socket): Promise<boolean> {
  return once(socket, "connect", { signal: AbortSignal.timeout(LONGEST_CONNECT) }).then(
    () => true,
    () => false,
  );
}
