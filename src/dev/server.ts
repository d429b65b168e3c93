import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { EpochMillis } from "../domain/units.ts";
import { Core, type CoreReply } from "./core.ts";
import { Faults } from "./faults.ts";
import { type Fields, type Method, VaultError } from "./protocol.ts";

/*
 * The embedded development Vault: a real CA behind the part of Vault's HTTP API that leafd and its tests use. It keeps
 * everything in memory, and answers as OpenBao does: test/contract holds one suite against both.
 * It is for demonstrations and tests; nothing in it is hardened. What it does not have: namespaces, auth methods other
 * than tokens, AppRole and userpass, ACME, OCSP, and the method LIST, which Node's parser refuses (`?list=true` works).
 * Writing a path needs the capability `update`, also where the real server asks for `create`.
 */

interface DevVaultOptions {
  /** Loopback port; 0, the default, takes a free one. */
  readonly port?: number;
  readonly now: () => EpochMillis;
  /** PEM: serve https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface DevVault extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly address: string;
  readonly rootToken: string;
  readonly unsealKey: string;
  readonly faults: Faults;
  /** As an operator would: what was issued stays, everything but health answers 503. */
  seal(): void;
  unseal(): void;
  /** Closes the listener and every connection. */
  stop(): Promise<void>;
}

/** The largest body that is read. */
const MAX_BODY = 1024 * 1024;

/** Starts the server on 127.0.0.1, unsealed and empty. */
export async function startDevVault({ port = 0, now, tls }: DevVaultOptions): Promise<DevVault> {
  const core = new Core(now);
  const faults = new Faults();
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    respond({ core, faults, request, response }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
  const server: Server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a TCP server has a port");
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    address: `${tls === undefined ? "http" : "https"}://127.0.0.1:${bound.port}`,
    rootToken: core.rootToken,
    unsealKey: core.seal.key,
    faults,
    seal: () => {
      core.seal.sealed = true;
    },
    unseal: () => core.seal.open(core.seal.key),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Exchange {
  readonly core: Core;
  readonly faults: Faults;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function respond({ core, faults, request, response }: Exchange): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const path = url.pathname.replace(/^\/v1\//, "");
  const reply = (await faults.apply(path)) ?? (await answerOf(core, request, url));
  response.writeHead(reply.status, {
    "Content-Type": reply.contentType,
    "Cache-Control": "no-store",
    ...reply.headers,
  });
  response.end(reply.body);
}

async function answerOf(core: Core, request: IncomingMessage, url: URL): Promise<CoreReply & { headers?: undefined }> {
  try {
    if (!url.pathname.startsWith("/v1/")) throw new VaultError(404);
    return core.handle({
      method: methodOf(request, url),
      path: decodeURIComponent(url.pathname.slice("/v1/".length)).replace(/\/$/, ""),
      body: await readBody(request),
      bearer: header(request, "x-vault-token") ?? (header(request, "authorization") ?? "").replace(/^Bearer /, ""),
      namespace: header(request, "x-vault-namespace") ?? "",
      wrapTtl: header(request, "x-vault-wrap-ttl"),
    });
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { status: error.status, contentType: "application/json", body: JSON.stringify({ errors: error.errors }) };
  }
}

function methodOf(request: IncomingMessage, url: URL): Method {
  const { method } = request;
  if (method === "GET") return url.searchParams.get("list") === "true" ? "LIST" : "GET";
  if (method === "POST" || method === "PUT") return "POST";
  if (method === "DELETE") return "DELETE";
  throw new VaultError(405);
}

async function readBody(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new VaultError(413, "request body too large");
    chunks.push(chunk);
  }
  if (size === 0) return {};
  const body = parseJson(Buffer.concat(chunks).toString());
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  throw new VaultError(
    400,
    "failed to decode JSON input: json: cannot unmarshal into Go value of type map[string]interface {}",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new VaultError(400, "failed to decode JSON input: unexpected EOF");
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
