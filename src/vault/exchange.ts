import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { abortError } from "../domain/abort.ts";
import { LeafdError } from "../domain/errors.ts";
import { formatDuration, type Millis } from "../domain/units.ts";
import { networkError } from "./network-error.ts";

/** More than any reply that leafd asks for: 1,000 certificates in a chain are less. */
const LARGEST_BODY = 4 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ExchangeOptions {
  readonly secure: boolean;
  readonly http: RequestOptions;
  readonly payload: string | undefined;
  /** For messages. */
  readonly address: string;
  /** Until the connection stands, TLS included; look-ups count. */
  readonly connectWithin: Millis;
  /** Until the last byte of the answer: a server that drips is cut off as well. */
  readonly within: Millis;
}

/** A connection that an earlier request left behind ended before a byte of the answer: the server may never have read it. */
export class StaleSocket extends Error {
  readonly error: LeafdError;

  constructor(error: LeafdError) {
    super("a kept connection was dead");
    this.error = error;
  }
}

/**
 * One HTTP request and its whole answer, of any status. Rejects with a LeafdError (`dns`, `connect`, `tls`, `timeout`,
 * `bad_response`, `cancelled`) or with StaleSocket, and by then the socket is destroyed.
 */
export function exchange(options: ExchangeOptions, signal: AbortSignal): Promise<Answer> {
  const { address, connectWithin, within } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal));
    const request = (options.secure ? httpsRequest : httpRequest)(options.http);
    let answered = false;
    const settle = (): void => {
      clearTimeout(connecting);
      clearTimeout(whole);
      signal.removeEventListener("abort", abort);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
      request.destroy();
    };
    const abort = (): void => fail(abortError(signal));
    const overdue = (): void =>
      fail(new LeafdError("timeout", `${address}: no complete answer within ${formatDuration(within)}`));
    const unconnected = (): void =>
      fail(new LeafdError("connect", `${address}: no connection within ${formatDuration(connectWithin)}`));
    const whole = setTimeout(overdue, within);
    const connecting = setTimeout(unconnected, connectWithin);
    signal.addEventListener("abort", abort);

    request.once("socket", (socket) => {
      if (request.reusedSocket || !socket.connecting) clearTimeout(connecting);
      else socket.once(options.secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
    });
    request.once("response", (response) => {
      answered = true;
      collect(response, address, (error, text) => {
        if (error !== undefined) return fail(error);
        settle();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    // A reset while the answer comes arrives here too. Stays attached: destroying a request may report an error once more.
    request.on("error", (thrown) => {
      if (answered) return fail(brokeOff(address));
      const error = networkError(thrown, address);
      fail(request.reusedSocket && error.reason === "connect" ? new StaleSocket(error) : error);
    });
    request.end(options.payload);
  });
}

type Collected = (error: LeafdError | undefined, text: string) => void;

/** Reads the body as UTF-8, at most `LARGEST_BODY` bytes of it. */
function collect(response: IncomingMessage, address: string, done: Collected): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const bad = (what: string): void => done(new LeafdError("bad_response", `${address}: ${what}`), "");
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > LARGEST_BODY) bad(`the answer is larger than ${LARGEST_BODY / 1024 / 1024} MiB`);
    else chunks.push(chunk);
  });
  response.once("end", () => {
    if (response.complete) done(undefined, Buffer.concat(chunks).toString("utf8"));
  });
  response.once("error", () => done(brokeOff(address), ""));
}

/** The server may have done what was asked. */
function brokeOff(address: string): LeafdError {
  return new LeafdError("bad_response", `${address}: the answer broke off`);
}
