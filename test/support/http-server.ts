import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { SecureContextOptions, TlsOptions } from "node:tls";

interface HttpServerOptions {
  /** Serves https with these. */
  readonly tls?: TlsOptions;
  /** Listens on this unix socket instead of a loopback port. */
  readonly unixSocket?: string;
}

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, `https://…` or `unix:///…`. */
  readonly address: string;
  /** The connections accepted so far. */
  connections(): number;
  /** Resets every open connection: clients that keep one find out at their next request. */
  resetAll(): void;
  /** Serves another certificate from the next connection on. */
  useTls(context: SecureContextOptions): void;
}

/** A small HTTP server for faults: whatever the handler does is what the client meets. */
export async function httpServer(handler: RequestListener, options: HttpServerOptions = {}): Promise<HttpServer> {
  const secure = options.tls === undefined ? undefined : createTlsServer(options.tls, handler);
  const server = secure ?? createServer(handler);
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  if (options.unixSocket === undefined) server.listen(0, "127.0.0.1");
  else server.listen(options.unixSocket);
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const scheme = secure === undefined ? "http" : "https";
  return {
    address: options.unixSocket === undefined ? `${scheme}://127.0.0.1:${port}` : `unix://${options.unixSocket}`,
    connections: () => accepted,
    resetAll: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    useTls: (context) => secure?.setSecureContext(context),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
