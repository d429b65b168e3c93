import { isIP, isIPv6 } from "node:net";
import { type Certificate, parseCertificate } from "../../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../../domain/errors.ts";
import { type Finding, finding } from "../../domain/inspect/findings.ts";
import { MAX_CHAIN } from "../../domain/inspect/leaf.ts";
import { diskFindings, type ServedFacts, servedFindings } from "../../domain/inspect/served.ts";
import type { PairMaterial } from "../../domain/inspection.ts";
import type { ProbeSpec } from "../../domain/outage-spec.ts";
import { formatName } from "../../domain/x509/distinguished-name.ts";
import { toPem } from "../../domain/x509/pem.ts";
import { createViewer } from "../../reload/probe.ts";
import type { ServerView } from "../../reload/server-view.ts";
import { systemClock } from "../../runtime/clock.ts";
import { type Expectations, judge } from "./judge.ts";
import type { InspectedTarget } from "./report.ts";
import { machineAnchors } from "./sources.ts";

/** Whom to ask, and what is known of it besides. */
export interface Asked {
  readonly endpoint: ProbeSpec;
  /** What to present when a client certificate is asked for. */
  readonly pair?: Pick<PairMaterial, "certificate" | "privateKey">;
  /** The chain that it should serve. */
  readonly disk?: readonly Certificate[];
}

/** A server, seen in one handshake. One that shows nothing is a finding; rejects only when the signal aborts. */
export async function inspectEndpoint(
  asked: Asked,
  expected: Expectations,
  signal: AbortSignal,
): Promise<InspectedTarget> {
  const { endpoint, pair } = asked;
  const { host, port } = endpoint;
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  try {
    const view = await createViewer({ clock: systemClock })(endpoint, pair, signal);
    return { kind: "endpoint", target, besides: [], ...judgeView(view, { target, asked, expected }) };
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof LeafdError)) throw thrown;
    const code = thrown.reason === "connect" ? "unreachable" : "handshake_failed";
    return { kind: "endpoint", target, besides: [], chains: [], findings: [finding(code, thrown.message)] };
  }
}

interface Context {
  readonly target: string;
  readonly asked: Asked;
  readonly expected: Expectations;
}

function judgeView(view: ServerView, { target, asked, expected }: Context) {
  const { endpoint, disk = [] } = asked;
  const served = factsOf(view, target, asked);
  const { certificates, findings } = parseChain(view.chain);
  const trust = expected.trust ?? machineAnchors();
  const shown = { where: "sent", certificates, served: true, nearby: [], trust };
  const judged = certificates.length === 0 ? [] : [judge(shown, { ...expected, names: namesFor(endpoint, expected) })];
  return {
    served,
    chains: judged.map(({ chain }) => chain),
    findings: [
      ...findings,
      ...judged.flatMap((each) => each.findings.map((found) => weighed(found, endpoint, expected))),
      ...servedFindings(served),
      ...diskFindings(certificates, disk),
    ],
  };
}

/** What a client would look for: the names that the operator or the configuration gave, else what it connects to. */
function namesFor({ host, serverName }: ProbeSpec, { names, request }: Expectations): readonly string[] {
  if (names.length > 0) return names;
  if (serverName !== undefined) return [serverName];
  return request === undefined ? [host] : [];
}

/** An IP address is often just the way to a server: that it is not in the certificate weighs less when nobody asked. */
function weighed(found: Finding, { host, serverName }: ProbeSpec, { names }: Expectations): Finding {
  const asked = names.length > 0 || serverName !== undefined || isIP(host) === 0;
  return found.code === "name_mismatch" && !asked ? { ...found, severity: "warning" } : found;
}

function factsOf(view: ServerView, address: string, { endpoint, pair }: Asked): ServedFacts {
  const { protocol, cipher, alpn, asked, refusal } = view;
  return {
    address,
    protocol,
    cipher,
    offered: endpoint.alpn,
    ...(endpoint.serverName !== undefined && { serverName: endpoint.serverName }),
    ...(alpn !== undefined && { alpn }),
    clientCertificate: {
      asked: asked !== undefined,
      presented: pair !== undefined,
      authorities: (asked?.authorities ?? []).flatMap((name) => nameOf(name)),
      ...(refusal !== undefined && { refusal }),
    },
  };
}

/** A name that does not parse says nothing to anybody. */
function nameOf(der: Buffer): string[] {
  try {
    return [formatName(der)];
  } catch {
    return [];
  }
}

/**
 * The certificates that were sent, up to the first that does not parse: what stands behind that is not known to belong
 * to the chain, and a flood of them is no chain.
 */
function parseChain(chain: readonly Buffer[]): { certificates: Certificate[]; findings: Finding[] } {
  if (chain.length === 0)
    return { certificates: [], findings: [finding("no_certificate", "the server showed no certificate")] };
  const certificates: Certificate[] = [];
  for (const der of chain.slice(0, MAX_CHAIN + 1)) {
    try {
      certificates.push(parseCertificate(toPem("CERTIFICATE", der)));
    } catch (thrown) {
      const why = toLeafdError(thrown).message.replace(/^PEM certificate 1 /, "");
      const remedy = "Replace it: a peer that reads it with care refuses the handshake.";
      const message = `certificate ${certificates.length + 1} that the server sent ${why}`;
      return { certificates, findings: [finding("unreadable", message, { remedy })] };
    }
  }
  return { certificates, findings: [] };
}
