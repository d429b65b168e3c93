import type { MutualTlsAgent } from "./client.ts";
import type { HandshakeCounts } from "./handshake.ts";
import type { MutualTlsServer } from "./server.ts";

/** What of a process is measured; several servers or agents are added up. */
export interface MutualTlsMetrics {
  readonly servers?: readonly Pick<MutualTlsServer, "handshakes" | "requests">[];
  readonly agents?: readonly Pick<MutualTlsAgent, "handshakes">[];
}

/**
 * The counts of this moment in the Prometheus text format, to be sent as they are or after a registry's own. For a
 * client library of another kind there are the plain numbers: `handshakes()` and `requests()`. Every result of a
 * handshake is there from the start, at 0, for the sides that are given.
 */
export function metricsText({ servers, agents }: MutualTlsMetrics): string {
  const handshakes = [
    ...(servers === undefined ? [] : handshakeLines("server", servers)),
    ...(agents === undefined ? [] : handshakeLines("client", agents)),
  ];
  return [
    "# HELP leafd_mtls_handshakes_total TLS handshakes, by how they ended: ok, or what is wrong with the peer.",
    "# TYPE leafd_mtls_handshakes_total counter",
    ...handshakes,
    ...(servers === undefined ? [] : requestLines(servers)),
    "",
  ].join("\n");
}

type Shaking = { handshakes(): HandshakeCounts };

function handshakeLines(side: "server" | "client", sources: readonly Shaking[]): readonly string[] {
  const sums = add(sources.map((source) => Object.entries(source.handshakes())));
  return [...sums].map(([result, count]) => `leafd_mtls_handshakes_total{side="${side}",result="${result}"} ${count}`);
}

function requestLines(servers: readonly Pick<MutualTlsServer, "requests">[]): readonly string[] {
  const counts = servers.map((server) =>
    Object.entries(server.requests()).flatMap(([endpoint, of]) =>
      Object.entries(of).map(([decision, count]): [string, number] => [
        `endpoint="${escape(endpoint)}",decision="${decision}"`,
        count,
      ]),
    ),
  );
  return [
    "# HELP leafd_mtls_requests_total Requests of verified callers, by endpoint of the rules and decision.",
    "# TYPE leafd_mtls_requests_total counter",
    ...[...add(counts)].map(([labels, count]) => `leafd_mtls_requests_total{${labels}} ${count}`),
  ];
}

function add(sources: readonly (readonly [string, number][])[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [key, count] of sources.flat()) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

/** The text of a label value, as the format wants it. */
function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
