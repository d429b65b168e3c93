import { chmod, mkdir, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { bindSocket } from "./bind.ts";
import { EventStreams } from "./event-stream.ts";
import { ADMIN_SOCKET, errorToJson, OTHER_VERSION, STATUS_SOCKET } from "./protocol.ts";
import { type Answers, adminRoutes, type Routes, statusRoutes } from "./routes.ts";
import { socketPath } from "./socket-path.ts";

export interface ControlOptions extends Answers {
  /** Made if it is missing, its parent is not. Nobody else may write to it. */
  readonly directory: string;
  /** The group that may read the status; absent: leafd's own. */
  readonly gid?: number;
}

/** The names of some thousand services fit. */
const LARGEST_REQUEST = 256 * 1024;
/** Neither socket is for waiting: whoever is slower than this is cut off. */
const LIMITS = { requestTimeout: 5000, connectionsCheckingInterval: 5000, maxHeaderSize: 8192 };
const MOST_CONNECTIONS = 32;

/**
 * Opens the two sockets: `status.sock` (0660) reads, `admin.sock` (0600) changes. Node does not show who connects, so
 * the file mode is the authority. Resolves when both accept, with a promise that resolves when both are gone, which
 * the signal brings about. Rejects as `bindSocket` does, or with a reason of "the disk" for the directory.
 */
export async function startControl(options: ControlOptions, signal: AbortSignal): Promise<{ closed: Promise<void> }> {
  const { directory, gid } = options;
  const paths = { status: socketPath(directory, STATUS_SOCKET), admin: socketPath(directory, ADMIN_SOCKET) };
  const staging = await prepareDirectory(directory);
  const streams = new EventStreams(options.events);
  const servers = { status: serve(statusRoutes(options, streams)), admin: serve(adminRoutes(options)) };
  const undo: (() => Promise<void>)[] = [];
  const close = async () => {
    await Promise.all(undo.map((remove) => remove()));
    await streams.end();
    await Promise.all(Object.values(servers).map(closeServer));
  };
  try {
    const group = gid === undefined ? {} : { gid };
    const status = { stagingPath: join(staging, "s"), path: paths.status, mode: 0o660, ...group };
    undo.push(await bindSocket(servers.status, status));
    undo.push(await bindSocket(servers.admin, { stagingPath: join(staging, "a"), path: paths.admin, mode: 0o600 }));
  } catch (thrown) {
    await close();
    throw thrown;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return { closed: aborted.then(close) };
}

/** Makes the directory and, in it, the private one in which sockets are bound. Answers the path of the latter. */
async function prepareDirectory(directory: string): Promise<string> {
  const staging = join(directory, ".new"); // Not longer than the names it stages.
  try {
    await makeDirectory(directory);
    await refuseShared(directory);
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { mode: 0o700 });
    return staging;
  } catch (thrown) {
    if (thrown instanceof LeafdError) throw thrown;
    throw new LeafdError("target_denied", `cannot use the control directory: ${toLeafdError(thrown).message}`, {
      hint: "Set control.directory to a place leafd may write to, or let systemd make it (RuntimeDirectory=).",
    });
  }
}

async function makeDirectory(directory: string): Promise<void> {
  const there = await stat(directory).catch(() => undefined);
  if (there !== undefined) return;
  await mkdir(directory, { mode: 0o755 });
  await chmod(directory, 0o755); // Whatever the umask: the group has to get through.
}

async function refuseShared(directory: string): Promise<void> {
  const { mode } = await stat(directory);
  if ((mode & 0o002) === 0) return;
  throw new LeafdError("target_unsafe", `everybody may write to the control directory ${directory}`, {
    hint: `Run chmod o-w ${directory}, or set control.directory to a directory of its own.`,
  });
}

function serve(routes: Routes): Server {
  const server = createServer(LIMITS, (request, response) => {
    void answer(response, async () => {
      const [path = "", query = ""] = request.url?.split("?", 2) ?? [];
      const produce = routes[`${request.method} ${path}`];
      if (produce === undefined) throw notServed(routes);
      return produce({ body: await readBody(request), query: new URLSearchParams(query), response });
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function notServed(routes: Routes): LeafdError {
  const message = `this socket answers ${Object.keys(routes).join(", ")} and nothing else`;
  return new LeafdError("request_denied", message, { hint: OTHER_VERSION });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_REQUEST)
      throw new LeafdError("request_denied", `a request has at most ${LARGEST_REQUEST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Sends what `produce` answers, or the error it throws; a client that went away meanwhile is no error. */
async function answer(response: ServerResponse, produce: () => Promise<string | undefined>): Promise<void> {
  const send = (status: number, body: string) =>
    response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
  try {
    const body = await produce();
    if (body !== undefined) send(200, body);
  } catch (thrown) {
    const error = toLeafdError(thrown);
    send(error.reason === "request_denied" ? 400 : 500, errorToJson(error));
  }
}
