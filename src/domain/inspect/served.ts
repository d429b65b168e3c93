import type { Certificate } from "../certificate.ts";
import { brief, list } from "../verify/check-rules.ts";
import { type Finding, finding } from "./findings.ts";

/** What a handshake showed besides certificates. */
export interface ServedFacts {
  /** Host and port. */
  readonly address: string;
  /** The SNI that was sent; absent: none. */
  readonly serverName?: string;
  /** As OpenSSL names it: `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** What was offered, and what the server chose of it. */
  readonly offered: readonly string[];
  readonly alpn?: string;
  readonly clientCertificate: ClientCertificate;
}

/** What became of the question for a client certificate; `presented` says whether there was one to give. */
export interface ClientCertificate {
  readonly asked: boolean;
  readonly presented: boolean;
  /** The alert that refused ours, or its absence. */
  readonly refusal?: string;
  /** Distinguished names of the CAs that the server says it takes; empty when it names none. */
  readonly authorities: readonly string[];
}

/** What a peer would stumble over in the handshake itself. */
export function servedFindings({ protocol, offered, alpn, clientCertificate }: ServedFacts): readonly Finding[] {
  const found: Finding[] = [];
  if (/^(SSLv|TLSv1(\.1)?$)/.test(protocol))
    found.push(finding("tls_version", `the server agreed to ${protocol}, which peers of today refuse`));
  if (offered.length > 0 && alpn === undefined)
    found.push(finding("alpn_refused", `the server chose none of the protocols offered: ${offered.join(", ")}`));
  const { asked, presented, refusal, authorities } = clientCertificate;
  const taken = authorities.length === 0 ? "" : `; it takes those of ${list(authorities)}`;
  const what = presented ? "the client certificate presented" : "a client without a certificate";
  if (refusal !== undefined)
    found.push(finding("client_certificate_refused", `the server refused ${what} (alert ${refusal})${taken}`));
  else if (asked && !presented)
    found.push(
      finding(
        "client_certificate_asked",
        `the server asks for a client certificate, and may refuse who has none${taken}`,
      ),
    );
  return found;
}

/**
 * What is wrong with what a server sent, held against what lies in the output directory that it should serve from: leaf
 * first, in both. Nothing when either is empty.
 */
export function diskFindings(sent: readonly Certificate[], disk: readonly Certificate[]): readonly Finding[] {
  const [[served], [published]] = [sent, disk];
  if (served === undefined || published === undefined) return [];
  if (served.fingerprint !== published.fingerprint) {
    const older = served.notBefore < published.notBefore ? "an older one" : "another one";
    return [
      finding(
        "not_live",
        `the server shows ${older}: serial ${served.serial} (SHA-256 ${brief(served.fingerprint)}); on disk is ${published.serial}`,
      ),
    ];
  }
  const same = sent.length === disk.length && sent.every((each, i) => each.fingerprint === disk[i]?.fingerprint);
  if (same) return [];
  const count = (length: number) => `${length} ${length === 1 ? "certificate" : "certificates"}`;
  return [
    finding(
      "chain_differs",
      `the leaf is that on disk, its chain is not: ${count(sent.length)} sent, ${count(disk.length)} on disk`,
    ),
  ];
}
