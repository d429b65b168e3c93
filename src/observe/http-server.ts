import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import { closeOldestAbove } from "./crowd.ts";
import { isLoopback } from "./host-check.ts";
import type { Reply } from "./reply.ts";
import { createRouter, type Sources } from "./routes.ts";
import { scrub } from "./scrub.ts";
import { StatusStream } from "./status-stream.ts";

export interface ObserveOptions extends Sources {
  /** `host:port`, `[::1]:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Tests are shorter of patience. */
  readonly limits?: Limits;
}

interface Limits {
  /** From the connection, or the first byte of a later request, to the end of the headers; looked at twice in that time. */
  readonly headers: Millis;
  /** From the first byte of a request to its last; looked at as often. */
  readonly request: Millis;
  /** A connection on which nothing moves: a client that does not read, or keeps it for later. */
  readonly idle: Millis;
  /** One more closes the oldest that is of least use. */
  readonly connections: number;
}

export interface Observer {
  /** `http://host:port`, with the port that was taken. */
  readonly url: string;
  /** Resolves when the listener and all connections are closed, which the signal brings about. */
  readonly closed: Promise<void>;
}

const LIMITS: Limits = { headers: 2 * SECOND, request: 5 * SECOND, idle: 30 * SECOND, connections: 64 };

/** Nothing here is for a browser to run, frame, keep or guess the type of. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Listens for Prometheus, for probes and for browsers. LeafdError `listen_failed` when the address cannot be had. */
export async function startObserve(options: ObserveOptions, signal: AbortSignal): Promise<Observer> {
  const { host, port } = parseListen(options.listen);
  const route = createRouter(options, new StatusStream(options, signal));
  const server = createBoundedServer(options.limits ?? LIMITS);
  server.listen({ port, ...(host === "" ? {} : { host }) });
  await once(server, "listening").catch((thrown: unknown) => {
    throw new LeafdError("listen_failed", `cannot listen on ${options.listen}: ${toLeafdError(thrown).message}`, {
      hint: "Set observe.listen to an address and port of this machine that is free.",
    });
  });
  const { address, family, port: taken } = boundAddress(server);
  const loopback = isLoopback(address);
  server.on("request", (request, response) => {
    void route(request, loopback)
      .catch(failure)
      .then((reply) => send(response, reply));
  });
  const closed = once(server, "close").then(() => {});
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  return { url: `http://${family === "IPv6" ? `[${address}]` : address}:${taken}`, closed };
}

function createBoundedServer(limits: Limits): Server {
  const server = createServer({
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    connectionsCheckingInterval: limits.headers / 2,
    keepAliveTimeout: limits.idle,
    maxHeaderSize: 8 * 1024,
  });
  server.timeout = limits.idle;
  closeOldestAbove(limits.connections, server);
  return server;
}

/** The configuration has been checked for the form already; what does not fit here is its error all the same. */
function parseListen(listen: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen) ?? [];
  if (port !== undefined && Number(port) < 65_536) return { host: bracketed ?? plain ?? "", port: Number(port) };
  throw new LeafdError("config_invalid", `observe.listen is host:port, and this is ${JSON.stringify(listen)}`);
}

function boundAddress(server: Server): AddressInfo {
  const bound = server.address();
  if (bound !== null && typeof bound === "object") return bound;
  throw new LeafdError("internal", "a listener without an address");
}

function failure(thrown: unknown): Reply {
  return { status: 500, body: `${scrub(toLeafdError(thrown).message)}\n` };
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const all = { ...HEADERS, ...headers };
  if (typeof body === "string") {
    response.writeHead(status, { ...all, "content-length": Buffer.byteLength(body) }).end(body);
    return;
  }
  response.writeHead(status, all).flushHeaders();
  if (response.req.method === "HEAD") response.end();
  else body(response);
}
