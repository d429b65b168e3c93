import { type IncomingMessage, request } from "node:http";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { explanationFromJson } from "../domain/explain/json.ts";
import type { Explanation } from "../domain/explain.ts";
import type { PauseRequest, RenewRequest, ResumeRequest, ServiceAnswer } from "../domain/operator.ts";
import { statusFromJson } from "../domain/status/json.ts";
import type { DaemonStatus } from "../domain/status.ts";
import type { EventRequest } from "./event-stream.ts";
import { ADMIN_SOCKET, errorFromJson, parseAnswers, STATUS_SOCKET } from "./protocol.ts";
import { socketPath } from "./socket-path.ts";

/** A running leafd answers from memory. */
const DEADLINE_MS = 10_000;
/** The status of some ten thousand services fits. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** No service has a longer name, and a longer one is unknown all the same. */
const LONGEST_NAME = 256;

interface Question {
  readonly socket: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

/**
 * Asks the leafd that serves this control directory how it is. LeafdError `connect` when none runs there,
 * `permission_denied` when the socket is not for this user, `timeout`, `bad_response`.
 */
export async function fetchStatus(directory: string, signal: AbortSignal): Promise<DaemonStatus> {
  const socket = socketPath(directory, STATUS_SOCKET);
  return statusFromJson(await ask({ socket, method: "GET", path: "/v1/status" }, signal));
}

/** Asks it about one service. Errors as for `fetchStatus`, and `request_denied` when there is none of this name. */
export async function fetchExplanation(directory: string, service: string, signal: AbortSignal): Promise<Explanation> {
  const socket = socketPath(directory, STATUS_SOCKET);
  const path = `/v1/explain?${new URLSearchParams({ service: service.slice(0, LONGEST_NAME) }).toString()}`;
  return explanationFromJson(await ask({ socket, method: "GET", path }, signal));
}

/**
 * Its events, each a line of JSON: first what is kept, then, where that is wanted, what happens until leafd ends. Errors
 * as for `fetchStatus`, and `request_denied`.
 */
export async function* fetchEvents(
  directory: string,
  { service, follow }: EventRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const socket = socketPath(directory, STATUS_SOCKET);
  const of = service === undefined ? {} : { service: service.slice(0, LONGEST_NAME) };
  const query = new URLSearchParams({ follow: String(follow), ...of });
  try {
    const response = await send({ socket, method: "GET", path: `/v1/events?${query.toString()}` }, signal);
    if (response.statusCode !== 200) throw errorFromJson(await readText(response));
    yield* linesOf(response.setEncoding("utf8"));
  } catch (thrown) {
    throw describe(thrown, socket);
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LARGEST_ANSWER) throw new LeafdError("bad_response", "a line from leafd is too long");
    yield* lines;
  }
}

/** What an operator wants of it. */
export type Order =
  | { readonly kind: "renew"; readonly request: RenewRequest }
  | { readonly kind: "pause"; readonly request: PauseRequest }
  | { readonly kind: "resume"; readonly request: ResumeRequest };

/** Gives it an order; one answer a service. Errors as for `fetchStatus`, and `request_denied`. */
export async function sendOrder(
  directory: string,
  order: Order,
  signal: AbortSignal,
): Promise<readonly ServiceAnswer[]> {
  const socket = socketPath(directory, ADMIN_SOCKET);
  const question: Question = { socket, method: "POST", path: `/v1/${order.kind}`, body: JSON.stringify(order.request) };
  return parseAnswers(await ask(question, signal));
}

async function ask(question: Question, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const response = await send(question, AbortSignal.any([signal, deadline]));
    const text = await readText(response);
    if (response.statusCode !== 200) throw errorFromJson(text);
    return text;
  } catch (thrown) {
    if (deadline.aborted) throw new LeafdError("timeout", `leafd did not answer at ${question.socket} in 10 s`);
    throw describe(thrown, question.socket);
  }
}

function send({ socket, method, path, body }: Question, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath: socket, method, path, agent: false, signal }, resolve).once("error", reject).end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_ANSWER) throw new LeafdError("bad_response", "the answer of leafd is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describe(thrown: unknown, socket: string): LeafdError {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ECONNREFUSED")
    return new LeafdError("connect", `no leafd is running that listens at ${socket}`, {
      hint: "Start it, or name its configuration with --config.",
    });
  if (code === "EACCES" || code === "EPERM")
    return new LeafdError("permission_denied", `this user may not use ${socket}`, {
      hint: socket.endsWith(ADMIN_SOCKET)
        ? "Run this as leafd's user or as root: nobody else gives it orders."
        : "Run this as leafd's user or as root; control.group names the group that may read the status.",
    });
  if (code === "ECONNRESET" || code === "EPIPE")
    return new LeafdError("bad_response", `leafd hung up at ${socket} before it answered`);
  return toLeafdError(thrown);
}
