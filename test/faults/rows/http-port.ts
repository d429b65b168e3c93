import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../src/dev/demo/free-port.ts";
import type { LeafdProcess } from "../../support/leafd-process.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/** Clients that ask for the metrics without a pause, and clients that never get to the end of a request. */
const SCRAPERS = 32;
const LORISES = 200;
/** Browsers that open the page, and streams of it that nobody reads: more than leafd serves at a time. */
const BROWSERS = 4;
const DEAF_READERS = 32;
/** Renewals under the flood. */
const RENEWALS = 3;
/** How late a renewal may be, in milliseconds. */
const ON_TIME = 2000;

async function runFlood(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene, { ttl: "10s" });
  const findings = new Findings();
  const port = await freePort();
  await place.configure({ web: { renewAt: "30%" } }, { observe: { listen: `127.0.0.1:${port}` } });
  await using leafd = place.start("run");
  await leafd.next("published");
  const watched = await watch("web");
  const flood = startFlood(port);
  for (const [what, status, asked] of FOREIGN) {
    const answer = await ask(port, asked);
    findings.equal(answer, status, what);
  }
  for (let count = 0; count < RENEWALS; count++) await leafd.next("published");
  const { scrapes, lorises, pages, streams } = await flood.stop();
  findings.equal(await ask(port, {}), 200, "a scrape after the flood");
  findings.equal(await ask(port, { path: "/status.json" }), 200, "the status after the flood");
  findings.expect(scrapes > 1000, `only ${scrapes} scrapes`);
  findings.expect(pages > 0, "no page was served");
  findings.equal(leafd.seen("renewal_requested").length, 0, "renewals that the port could ask for");
  findings.equal(leafd.seen("rotation_failed").length, 0, "failed rotations");
  const share = onTime(leafd);
  findings.equal(share, 100, "renewals on time, in per cent");
  await leafd.stop();
  await watched.end(findings, { leafds: [leafd], budget: leafd.seen("published").length });
  const flooded = `scrapes=${scrapes} lorises=${lorises} pages=${pages} deaf_streams=${streams}`;
  return findings.outcome(`on_time=${share}% ${flooded} refused=${FOREIGN.length}`);
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What somebody else's page may have a browser on this machine send, and the status that is due. */
const FOREIGN: readonly (readonly [what: string, status: number, asked: Asked])[] = [
  ["DNS rebinding, metrics", 421, { headers: { host: "evil.example" } }],
  ["DNS rebinding, the index", 421, { path: "/", headers: { host: "evil.example:80" } }],
  ["DNS rebinding, the status", 421, { path: "/status.json", headers: { host: "evil.example" } }],
  ["the status, for another site", 403, { path: "/status.json", headers: { "sec-fetch-site": "cross-site" } }],
  ["the stream, for another site", 403, { path: "/status/stream", headers: { "sec-fetch-site": "cross-site" } }],
  ["a cross-site POST", 405, { method: "POST", headers: { origin: "https://evil.example" } }],
  ["a POST of a renewal", 405, { method: "POST", path: "/renew", headers: { origin: "null" } }],
  ["a PUT", 405, { method: "PUT", path: "/services/web" }],
  ["a DELETE", 405, { method: "DELETE", path: "/services/web" }],
];

/** Answers the status; 0 when the connection was refused or closed. */
function ask(port: number, { method = "GET", path = "/metrics", headers = {} }: Asked, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, method, path, headers, ...(agent === undefined ? {} : { agent }) };
    const sent = request(options, (response) => {
      response.resume().once("close", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", () => resolve(0)).end();
  });
}

/** How often each was served, or for the last two, opened. */
interface Flooded {
  scrapes: number;
  pages: number;
  lorises: number;
  streams: number;
}

interface Flood {
  /** Ends it. */
  stop(): Promise<Flooded>;
}

function startFlood(port: number): Flood {
  const stop = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: SCRAPERS + BROWSERS });
  const seen: Flooded = { scrapes: 0, pages: 0, lorises: 0, streams: 0 };
  const asking = async (kind: "scrapes" | "pages", asked: Asked): Promise<void> => {
    while (!stop.signal.aborted) {
      if ((await ask(port, asked, agent)) === 200) seen[kind] += 1;
      else await delay(5);
    }
  };
  /** Begins a request, keeps it slow in its own way, and comes back when it is thrown out. */
  const lingering = async (kind: "lorises" | "streams", head: string, linger: (socket: Socket) => Promise<void>) => {
    while (!stop.signal.aborted) {
      seen[kind] += 1;
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      socket.write(head);
      while (!socket.destroyed && !stop.signal.aborted) await linger(socket);
      socket.destroy();
    }
  };
  const several = (count: number, client: () => Promise<void>) => Array.from({ length: count }, client);
  const all = [
    ...several(SCRAPERS, () => asking("scrapes", {})),
    ...several(BROWSERS, () => asking("pages", { path: "/", headers: { accept: "text/html" } })),
    ...several(LORISES, () => lingering("lorises", "GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: ", drip)),
    ...several(DEAF_READERS, () =>
      lingering("streams", "GET /status/stream HTTP/1.1\r\nhost: localhost\r\n\r\n", beDeaf),
    ),
  ];
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(all);
      agent.destroy();
      return seen;
    },
  };
}

/** Sends one byte of a header now and then. */
async function drip(socket: Socket): Promise<void> {
  socket.write("x");
  await delay(200);
}

/** Reads nothing of what it asked for. */
async function beDeaf(socket: Socket): Promise<void> {
  socket.pause();
  await delay(200);
}

/** The share of renewals that came when they were due, in per cent. */
function onTime(leafd: LeafdProcess): number {
  const published = leafd.seen("published");
  const late = published.slice(1).map(({ time }, at) => Date.parse(time) - Date.parse(String(published[at]?.["due"])));
  return (100 * late.filter((each) => each <= ON_TIME).length) / late.length;
}

export const HTTP_PORT_ROWS: readonly FaultRow[] = [
  {
    id: 41,
    fault: "scrape flood, slow loris, DNS rebinding, cross-site POST on the HTTP port",
    expected: "rotation unaffected; mutating calls refused",
    run: runFlood,
  },
];
