import type { IncomingMessage } from "node:http";
import type { DaemonStatus } from "../domain/status.ts";
import type { Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { type Health, liveness, readiness } from "./health.ts";
import { isOwnHost } from "./host-check.ts";

/** What `/metrics` sends. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

export interface Sources {
  readonly clock: Clock;
  readonly status: () => DaemonStatus;
  readonly metrics: () => Promise<Exposition>;
  /** When the scheduler last ran, by `clock.monotonic()`. */
  readonly lastTick: () => Millis;
  /** Host names that are answered besides IP literals and localhost. */
  readonly hosts: readonly string[];
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Page = (query: URLSearchParams) => Reply | Promise<Reply>;

/**
 * Answers a request; nothing it can ask changes anything. `loopback`: the listener is reached from this machine only.
 * Then the browser of somebody who works here is the one way in for a stranger, by DNS rebinding, and every Host header
 * is checked. A listener on the network is scraped and probed by names that only the operator's DNS knows: there the
 * check guards everything but metrics and probes, which hold nothing that the network may not see.
 */
export function createRouter(sources: Sources): (request: IncomingMessage, loopback: boolean) => Promise<Reply> {
  const pages = createPages(sources);
  return async ({ method, headers, url = "" }, loopback) => {
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, body: "this listener only reads\n", headers: { allow: "GET, HEAD", connection: "close" } };
    const [path = "", query] = url.split("?", 2);
    const page = pages.get(path);
    if ((loopback || page === undefined || path === "/") && !isOwnHost(headers.host, sources.hosts))
      return { status: 421, body: "not served under this host name; observe.hosts lists the names that are\n" };
    return page === undefined ? { status: 404, body: "not found\n" } : page(new URLSearchParams(query));
  };
}

function createPages({ clock, status, metrics, lastTick }: Sources): ReadonlyMap<string, Page> {
  let wasReady = false;
  const ready = (query: URLSearchParams): Health => {
    const health = readiness(status(), { now: clock.now(), verbose: query.has("verbose") });
    wasReady ||= health.healthy;
    return health;
  };
  return new Map<string, Page>([
    ["/", () => ({ status: 200, body: index(status().version) })],
    ["/livez", () => probe(liveness(clock.monotonic() - lastTick()))],
    ["/readyz", (query) => probe(ready(query))],
    // Started: ready once, whatever came after. Kubernetes then asks the other two.
    ["/startupz", (query) => probe(wasReady ? { healthy: true, text: "ok\n" } : ready(query))],
    [
      "/metrics",
      async () => {
        const { contentType, body } = await metrics();
        return { status: 200, body, headers: { "content-type": contentType } };
      },
    ],
  ]);
}

function probe({ healthy, text }: Health): Reply {
  return { status: healthy ? 200 : 503, body: text };
}

function index(version: string): string {
  return [
    `leafd ${version}`,
    "",
    "/livez     the scheduler runs",
    "/readyz    every required service has a valid certificate; ?verbose lists them",
    "/startupz  it has been so once",
    "/metrics   for Prometheus",
    "",
  ].join("\n");
}
