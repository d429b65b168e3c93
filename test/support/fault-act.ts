import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** What a server answers, as the client should see it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is done to a request, or to its answer. */
export type Fault =
  /** Nobody listens. */
  | { readonly kind: "refuse" }
  /** Connections are accepted, requests are read, nothing is ever answered. */
  | { readonly kind: "silence" }
  /** The true answer, one byte at a time. */
  | { readonly kind: "drip"; readonly every: number }
  /** Half of the true answer, and then a reset. */
  | { readonly kind: "reset" }
  /** Half of the true answer as if it were whole. */
  | { readonly kind: "truncate" }
  /** The server does what is asked, and the connection ends before a byte of its answer. */
  | { readonly kind: "lose" }
  /** The true answer, late. */
  | { readonly kind: "delay"; readonly by: number }
  /** Another answer; the server never hears of the request. */
  | { readonly kind: "answer"; readonly reply: Partial<Reply> }
  /** The true answer, changed. */
  | { readonly kind: "edit"; readonly edit: (reply: Reply, asked: Buffer) => Reply | Promise<Reply> };

/** A request that has been read, and the answer that is to be given. */
interface Exchange {
  readonly to: string;
  readonly received: IncomingMessage;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** Answers a request as the fault wants it; without one as the true server does. */
export async function act(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { received, response, body } = exchange;
  switch (fault?.kind) {
    case "refuse":
      received.socket.destroy();
      return;
    case "silence":
      return;
    case "answer":
      return send(response, { status: 200, headers: {}, body: "", ...fault.reply });
    case "lose":
      await forward(exchange);
      received.socket.destroy();
      return;
    case "delay":
      setTimeout((reply: Reply) => send(response, reply), fault.by, await forward(exchange));
      return;
    case "edit":
      return send(response, await fault.edit(await forward(exchange), body));
    case undefined:
      return send(response, await forward(exchange));
    case "reset":
    case "truncate":
    case "drip":
      return spoil(response, await forward(exchange), fault);
    default:
      fault satisfies never;
  }
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers).end(body);
}

const TIME_TO_READ = 100;

type Spoiled = Extract<Fault, { kind: "reset" | "truncate" | "drip" }>;

function spoil(response: ServerResponse, reply: Reply, fault: Spoiled): void {
  const half = reply.body.slice(0, reply.body.length / 2);
  if (fault.kind === "truncate") return send(response, { ...reply, body: half });
  response.writeHead(reply.status, { ...reply.headers, "content-length": String(Buffer.byteLength(reply.body)) });
  if (fault.kind === "reset") {
    response.write(half);
    // A reset takes along what the client has not read yet.
    setTimeout(() => response.socket?.resetAndDestroy(), TIME_TO_READ);
    return;
  }
  let at = 0;
  const drip = setInterval(() => response.write(reply.body.charAt(at++)), fault.every);
  response.once("close", () => clearInterval(drip));
}

function forward({ to, received, body }: Exchange): Promise<Reply> {
  const { method, headers, url = "/" } = received;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(url, to), { method, headers, agent: false }, (answer) => {
      buffer(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: kept(answer.headers), body: bytes.toString() }),
        reject,
      );
    });
    sent.once("error", reject).end(body);
  });
}

/** What tells something about the answer and nothing about its connection. */
function kept(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    ["content-type", "retry-after"].flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}
