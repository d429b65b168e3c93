import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { SECOND } from "../domain/units.ts";
import { type AllowRules, allowList, type Decision, type Denied } from "./allow-list.ts";
import { contextOptions } from "./context.ts";
import { type Handshake, type HandshakeCounts, type HandshakeResult, handshakeCounter, resultOf } from "./handshake.ts";
import { type PeerIdentity, peerIdentity } from "./identity.ts";
import type { LivePair } from "./live-pair.ts";
import { type RequestCounts, requestCounter } from "./requests.ts";

/** A verified client, by its SPIFFE ID. */
export type Caller = PeerIdentity & { readonly spiffeId: string };

export interface MutualTlsServerOptions {
  readonly pair: LivePair;
  /** Who may call what; whatever no rule names is denied to everybody. */
  readonly allow: AllowRules;
  /** Gets the requests that the rules allow, and no others. */
  readonly handler: (request: IncomingMessage, response: ServerResponse, caller: Caller) => void;
  /** Hears of every handshake. Must not throw. */
  readonly onHandshake?: (handshake: Handshake) => void;
  /** Hears of every decision. Must not throw. */
  readonly onDecision?: (decision: Decision, caller: Caller) => void;
}

export interface MutualTlsServer {
  /** Not listening yet. It has the guard as its `request` listener: a further one would go past the rules. */
  readonly server: Server;
  /** The rules, for what Node hands to other listeners: `upgrade` (WebSocket), `connect`. */
  decide(request: IncomingMessage): Decision;
  handshakes(): HandshakeCounts;
  requests(): RequestCounts;
  /** Stops listening, waits for running requests, and lets go of the pair, which stays open. */
  close(): Promise<void>;
}

/**
 * An HTTPS server that wants a certificate of every client, signed by an authority of the trust bundle and with one
 * SPIFFE ID, and takes requests by an allow-list. A new pair serves the handshakes after it; connections that are open
 * live on with what they were made with: bound their life (`server.maxRequestsPerSocket`, `server.keepAliveTimeout`)
 * where an identity must not outlast its certificate. Throws a LeafdError `config_invalid` for a rule that is none.
 */
export function mutualTlsServer(options: MutualTlsServerOptions): MutualTlsServer {
  const { pair, onHandshake, onDecision } = options;
  const rules = allowList(options.allow);
  const handshakes = handshakeCounter(onHandshake);
  const requests = requestCounter(rules.endpoints);
  const callers = new WeakMap<Duplex, Caller>();

  const decide = (request: IncomingMessage): Decision => {
    const caller = callers.get(request.socket);
    if (caller === undefined) return { kind: "denied", endpoint: undefined, reason: "unknown_endpoint" };
    const decision = rules.decide(request.method ?? "", request.url ?? "", caller.spiffeId);
    requests.count(decision);
    onDecision?.(decision, caller);
    return decision;
  };
  const server = createServer(
    { ...contextOptions(pair.current), requestCert: true, rejectUnauthorized: true, handshakeTimeout: 10 * SECOND },
    (request, response) => {
      const decision = decide(request);
      const caller = callers.get(request.socket);
      if (caller === undefined) response.destroy();
      else if (decision.kind === "denied") deny(response, decision, caller);
      else options.handler(request, response, caller);
    },
  );
  judgeHandshakes(server, { callers, record: (handshake) => handshakes.record(handshake) });
  const unsubscribe = pair.subscribe((next) => server.setSecureContext(contextOptions(next)));

  return {
    server,
    decide,
    handshakes: () => handshakes.snapshot(),
    requests: () => requests.snapshot(),
    async close() {
      unsubscribe();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

/** Puts the caller of each good connection into `callers`; ends those whose certificate names nobody. */
function judgeHandshakes(
  server: Server,
  { callers, record }: { callers: WeakMap<Duplex, Caller>; record: (handshake: Handshake) => void },
): void {
  // Before the listener that feeds the HTTP parser: a peer without an identity does not get that far.
  server.prependListener("secureConnection", (socket) => {
    try {
      const caller = callerOf(socket);
      callers.set(socket, caller);
      record({ side: "server", result: "ok", peer: caller });
    } catch (thrown) {
      socket.destroy();
      record({ side: "server", result: "wrong_identity", message: toLeafdError(thrown).message });
    }
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    record({ side: "server", ...failure(error, socket) });
  });
}

function callerOf(socket: TLSSocket): Caller {
  const { spiffeId, ...identity } = peerIdentity(socket);
  if (spiffeId !== undefined) return { spiffeId, ...identity };
  throw new LeafdError("bad_certificate", `certificate ${identity.serial} does not hold exactly one SPIFFE ID`);
}

/** A client whose certificate does not verify is dropped by Node: what was wrong stands on the socket, not in the error. */
function failure(error: NodeJS.ErrnoException, socket: TLSSocket): { result: HandshakeResult; message: string } {
  const { authorizationError }: { authorizationError: unknown } = socket;
  const code = typeof authorizationError === "string" ? authorizationError : error.code;
  return { result: resultOf(code), message: code ?? error.message };
}

/** Says no, and to whom; never who would have been allowed. */
function deny(response: ServerResponse, { reason, endpoint }: Denied, { spiffeId }: Caller): void {
  response.statusCode = 403;
  response.setHeader("content-type", "application/json");
  response.setHeader("x-content-type-options", "nosniff");
  response.end(`${JSON.stringify({ error: "denied", reason, endpoint, caller: spiffeId })}\n`);
}
