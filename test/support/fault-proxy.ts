import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { SecureContextOptions } from "node:tls";
import { act, type Fault } from "./fault-act.ts";

export type { Fault, Reply } from "./fault-act.ts";

interface Reach {
  /** Requests whose path (`/v1/pki/sign/svc`) fits; default all. */
  readonly path?: RegExp;
  /** Requests whose body holds this text. */
  readonly body?: RegExp;
  /** For the next so many only; default until it is healed. */
  readonly times?: number;
}

/** A request that came through. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  /** `performance.now()` */
  readonly at: number;
  /** What was done to it; undefined: nothing. */
  readonly fault?: Fault["kind"];
}

export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly address: string;
  readonly port: number;
  /** Every request so far. */
  readonly requests: readonly ProxiedRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** From now on: this. Of several the first that fits a request is done. Only `refuse` ends open connections. */
  inject(fault: Fault, reach?: Reach): Promise<void>;
  /** From now on nothing is done, and somebody listens. */
  heal(): Promise<void>;
  /** How many requests met a fault, of this kind when one is named. */
  met(kind?: Fault["kind"]): number;
  /** Serves another certificate from the next connection on. */
  useTls(context: SecureContextOptions): void;
}

interface ProxyOptions {
  /** Where requests go: `http://127.0.0.1:PORT`. */
  readonly to: string;
  readonly tls?: SecureContextOptions;
  /** Default 127.0.0.1 and a free port. */
  readonly host?: string;
  readonly port?: number;
}

interface Injected extends Reach {
  readonly fault: Fault;
  left: number;
}

/** Something between leafd and a real server that does harm, switched at run time. */
export async function faultProxy(options: ProxyOptions): Promise<FaultProxy> {
  const { to, tls, host = "127.0.0.1" } = options;
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  let injected: Injected[] = [];

  const pick = (path: string, body: Buffer): Fault | undefined => {
    const found = injected.find((each) => {
      const fits = each.path?.test(path) !== false && each.body?.test(body.toString()) !== false;
      return each.left > 0 && fits;
    });
    if (found !== undefined) found.left -= 1;
    return found?.fault;
  };
  const serve = async (received: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(received);
    const { method = "GET", url: path = "/" } = received;
    const fault = pick(path, body);
    requests.push({ method, path, at: performance.now(), ...(fault === undefined ? {} : { fault: fault.kind }) });
    await act({ to, received, body, response }, fault);
  };
  const handler = (received: IncomingMessage, response: ServerResponse): void =>
    void serve(received, response).catch(() => received.socket.destroy());

  const secure = tls === undefined ? undefined : createTlsServer(tls, handler);
  const server = secure ?? createServer(handler);
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, host);
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const port = await listen(options.port ?? 0);
  const hangUp = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  return {
    address: `${secure === undefined ? "http" : "https"}://${host}:${port}`,
    port,
    requests,
    connections: () => accepted,
    inject: async (fault, reach = {}) => {
      injected.push({ fault, ...reach, left: reach.times ?? Number.POSITIVE_INFINITY });
      if (fault.kind === "refuse") await hangUp();
    },
    heal: async () => {
      injected = [];
      if (!server.listening) await listen(port);
    },
    met: (kind) => requests.filter(({ fault }) => fault !== undefined && (kind === undefined || fault === kind)).length,
    useTls: (context) => secure?.setSecureContext(context),
    [Symbol.asyncDispose]: hangUp,
  };
}
