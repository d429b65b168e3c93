import { Agent as HttpAgent, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { ClusterSpec } from "../domain/cluster-spec.ts";
import type { Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import type { Address } from "./address.ts";
import { type Answer, type ExchangeOptions, exchange, StaleSocket } from "./exchange.ts";
import { sharedLookup } from "./lookup.ts";
import type { TlsMaterial, TlsState } from "./tls-material.ts";

/** What node-vault hands to its transport: our own options come through with those it adds. */
export interface TransportRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal: AbortSignal;
  /** What is left of the deadline of the whole call. */
  readonly within: Millis;
}

/** What node-vault wants back, and the headers that its own transport would drop. */
export interface TransportReply {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON, or the text when it is none, or undefined when there is no body. */
  readonly body: unknown;
  readonly request: { readonly path: string };
}

interface TransportOptions {
  readonly address: Address;
  readonly spec: ClusterSpec;
  readonly tls: TlsMaterial;
  readonly clock: Clock;
}

/**
 * Keep-alive connections to one address, injected into node-vault in place of axios. Verification of the server is
 * pinned on: neither VAULT_SKIP_VERIFY nor NODE_TLS_REJECT_UNAUTHORIZED turns it off.
 */
export class Transport {
  readonly #address: Address;
  readonly #tls: TlsMaterial;
  readonly #spec: ClusterSpec;
  readonly #clock: Clock;
  #agent: HttpAgent | undefined;
  #agentOf: TlsState | undefined;

  constructor({ address, spec, tls, clock }: TransportOptions) {
    this.#address = address;
    this.#spec = spec;
    this.#tls = tls;
    this.#clock = clock;
  }

  /** Rejects with the LeafdErrors of `exchange`; any status resolves, a redirect too. */
  async send(request: TransportRequest): Promise<TransportReply> {
    const path = request.uri.slice(this.#address.origin?.length ?? this.#address.endpoint.length);
    const answer = await this.#sendFresh(request, path);
    return { statusCode: answer.status, headers: answer.headers, body: parse(answer.text), request: { path } };
  }

  /** Ends the idle connections; requests under way go on. */
  dropIdle(): void {
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /** After a restart of the server the first request meets a dead connection: once more, on a new one. */
  async #sendFresh(request: TransportRequest, path: string): Promise<Answer> {
    const started = this.#clock.monotonic();
    const options = this.#options(request, path);
    try {
      return await exchange(options, request.signal);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
    }
    this.dropIdle();
    const within = Math.max(0, request.within - (this.#clock.monotonic() - started));
    try {
      return await exchange({ ...options, within }, request.signal);
    } catch (error) {
      throw error instanceof StaleSocket ? error.error : error;
    }
  }

  #options(request: TransportRequest, path: string): ExchangeOptions {
    const payload = request.json === undefined ? undefined : JSON.stringify(request.json);
    const body =
      payload === undefined
        ? {}
        : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(payload)) };
    return {
      secure: this.#address.secure,
      http: {
        ...this.#address.target,
        method: request.method,
        path,
        headers: { ...request.headers, ...body },
        agent: this.#currentAgent(),
      },
      payload,
      address: this.#address.text,
      connectWithin: Math.min(this.#spec.timeouts.connect, request.within),
      within: request.within,
    };
  }

  /** A new agent as soon as a TLS file has new content; idle connections of the old one go. */
  #currentAgent(): HttpAgent {
    if (!this.#address.secure) return (this.#agent ??= new HttpAgent({ keepAlive: true, lookup: sharedLookup }));
    const state = this.#tls.current();
    if (this.#agent !== undefined && this.#agentOf === state) return this.#agent;
    this.dropIdle();
    const { serverName } = this.#spec.tls;
    this.#agentOf = state;
    this.#agent = new HttpsAgent({
      ...state,
      ...(serverName === undefined ? {} : { servername: serverName }),
      rejectUnauthorized: true,
      keepAlive: true,
      lookup: sharedLookup,
    });
    return this.#agent;
  }
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
