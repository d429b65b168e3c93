/*
 * Mutual TLS for a Node service beside leafd: `openPair` follows the service's output directory, `mutualTlsServer` and
 * `MutualTlsAgent` use what it holds, and who may call what is an allow-list of SPIFFE IDs.
 */
export { type AllowList, type AllowRules, allowList, type Decision, type Denied } from "./allow-list.ts";
export { type ClientOptions, connectOptions, MutualTlsAgent, type MutualTlsAgentOptions } from "./client.ts";
export type { Handshake, HandshakeCounts, HandshakeResult } from "./handshake.ts";
export { type PeerIdentity, peerIdentity } from "./identity.ts";
export { type LivePair, type LivePairOptions, openPair, type PairEvent } from "./live-pair.ts";
export { type MutualTlsMetrics, metricsText } from "./metrics-text.ts";
export type { Pair } from "./pair.ts";
export type { RequestCounts } from "./requests.ts";
export { type Caller, type MutualTlsServer, type MutualTlsServerOptions, mutualTlsServer } from "./server.ts";
