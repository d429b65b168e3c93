import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { DaemonStatus } from "../../src/domain/status.ts";
import { type ObserveOptions, startObserve } from "../../src/observe/http-server.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A listener of this process that says what the test wants; `await using` stops it. */
export interface ObserveListener extends AsyncDisposable {
  readonly url: string;
  /** What it says; the test may put another one in its place. */
  status: DaemonStatus;
  stop(): Promise<void>;
}

/** Listens on loopback, by the test's clock, unless `changes` say otherwise. */
export async function observeListener(
  status: DaemonStatus,
  changes: Partial<ObserveOptions> = {},
): Promise<ObserveListener> {
  const ended = new AbortController();
  const options: ObserveOptions = {
    listen: "127.0.0.1:0",
    hosts: ["leafd.corp"],
    clock: new VirtualClock(),
    status: () => listener.status,
    metrics: () => Promise.resolve({ contentType: "text/plain", body: "leafd_up 1\n" }),
    lastTick: () => 0,
    ...changes,
  };
  const { url, closed } = await startObserve(options, ended.signal);
  const stop = () => {
    ended.abort();
    return closed;
  };
  const listener: ObserveListener = { url, status, stop, [Symbol.asyncDispose]: stop };
  return listener;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One request on a connection of its own; unlike `fetch` it sends any Host header. */
export async function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  const [response]: IncomingMessage[] = await once(request(url, { method, agent: false, headers }).end(), "response");
  if (response === undefined) throw new Error(`no answer from ${url}`);
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}
