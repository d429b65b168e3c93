import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { statusToJson } from "../domain/status/json.ts";
import type { DaemonStatus } from "../domain/status.ts";
import type { Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { type Health, liveness, readiness } from "./health.ts";
import { isOwnHost, isOwnPage } from "./host-check.ts";
import { PAGE_FOLDER, pageReply } from "./page-replies.ts";
import type { Reply } from "./reply.ts";
import type { StatusStream } from "./status-stream.ts";

/** What `/metrics` sends. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = "application/json; charset=utf-8";

export interface Sources {
  readonly clock: Clock;
  readonly status: () => DaemonStatus;
  readonly metrics: () => Promise<Exposition>;
  /** When the scheduler last ran, by `clock.monotonic()`. */
  readonly lastTick: () => Millis;
  /** Host names that are answered besides IP literals and localhost. */
  readonly hosts: readonly string[];
}

type Page = (query: URLSearchParams, headers: IncomingHttpHeaders) => Reply | Promise<Reply>;
type Pages = ReadonlyMap<string, Page>;

/**
 * Answers a request; nothing it can ask changes anything. `loopback`: the listener is reached from this machine only.
 * Then the browser of somebody who works here is the one way in for a stranger, by DNS rebinding, and every Host header
 * is checked. A listener on the network is scraped and probed by names that only the operator's DNS knows: there the
 * check guards everything but metrics and probes, which hold nothing that the network may not see.
 */
export function createRouter(
  sources: Sources,
  stream: StatusStream,
): (request: IncomingMessage, loopback: boolean) => Promise<Reply> {
  const machines = machinePages(sources);
  const people = peoplePages(sources, stream);
  return async ({ method, headers, url = "" }, loopback) => {
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, body: "this listener only reads\n", headers: { allow: "GET, HEAD", connection: "close" } };
    const [path = "", query] = url.split("?", 2);
    const open = machines.get(path);
    if ((loopback || open === undefined) && !isOwnHost(headers.host, sources.hosts))
      return { status: 421, body: "not served under this host name; observe.hosts lists the names that are\n" };
    if (path.startsWith(PAGE_FOLDER)) return pageReply(path.slice(PAGE_FOLDER.length));
    const page = open ?? people.get(path);
    return page === undefined ? { status: 404, body: "not found\n" } : page(new URLSearchParams(query), headers);
  };
}

function machinePages({ clock, status, metrics, lastTick }: Sources): Pages {
  let wasReady = false;
  const ready = (query: URLSearchParams): Health => {
    const health = readiness(status(), { now: clock.now(), verbose: query.has("verbose") });
    wasReady ||= health.healthy;
    return health;
  };
  return new Map<string, Page>([
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

function peoplePages({ status }: Sources, stream: StatusStream): Pages {
  const own = (page: Page): Page => {
    return (query, headers) =>
      isOwnPage(headers["sec-fetch-site"]) ? page(query, headers) : { status: 403, body: "not for other sites\n" };
  };
  const json = () => ({ status: 200, body: `${statusToJson(status())}\n`, headers: { "content-type": JSON_TYPE } });
  return new Map<string, Page>([
    ["/", (_, { accept }) => (accept?.includes("text/html") ? pageReply("index.html") : index(status().version))],
    ["/status.json", own(json)],
    ["/status/stream", own((_, headers) => stream.reply(headers))],
  ]);
}

function probe({ healthy, text }: Health): Reply {
  return { status: healthy ? 200 : 503, body: text };
}

/** What `/` is for a program; a browser gets the page. */
function index(version: string): Reply {
  const lines = [
    `leafd ${version}`,
    "",
    "/               the status page, in a browser",
    "/status.json    the same as JSON",
    "/status/stream  as it changes: server-sent events",
    "/livez          the scheduler runs",
    "/readyz         every required service has a valid certificate; ?verbose lists them",
    "/startupz       it has been so once",
    "/metrics        for Prometheus",
    "",
  ];
  return { status: 200, body: lines.join("\n"), headers: { vary: "accept" } };
}
