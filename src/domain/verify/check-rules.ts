import type { Certificate } from "../certificate.ts";
import { caProblem } from "../chain.ts";
import { impliedName } from "../names.ts";
import type { Names, Usage } from "../spec.ts";
import { type EpochMillis, formatTime } from "../units.ts";
import type { Gathered } from "./evidence.ts";

/*
 * The rules of checks.ts that take more than a line. Each says what is wrong, expected against got, or undefined.
 */

/** A certificate on the way up whose signer nobody has sent. */
export function brokenChain({ walk }: Gathered): string | undefined {
  if (walk.kind !== "broken") return undefined;
  const { at, namesake } = walk;
  const why = namesake ? "the CA of that name has another key" : "it is not there";
  return `no CA of the reply or the trust bundle signed ${subjectOf(at)}; it names ${quote(at.issuer)} as its issuer, and ${why}`;
}

/** A CA on the way to the anchor that may not sign, is not valid now, or has too many CAs below it (RFC 5280 §4.2.1.9). */
export function invalidCa({ walk, now, skew }: Gathered): string | undefined {
  if (walk.kind !== "anchored") return undefined;
  let below = 0;
  for (const ca of walk.path) {
    const problem = caProblem(ca, now, skew);
    if (problem !== undefined) return `${subjectOf(ca)} ${problem}`;
    if (ca.pathLength !== undefined && below > ca.pathLength)
      return `${subjectOf(ca)} allows ${ca.pathLength} CAs between itself and a leaf; there are ${below}`;
    if (!ca.selfIssued) below += 1;
  }
  return undefined;
}

/** A signature over MD5 or SHA-1 (a root's own is never checked by anybody), an RSA key of less than 2048 bits. */
export function weakness({ leaf, walk }: Gathered): string | undefined {
  for (const certificate of [leaf, ...(walk.kind === "anchored" ? walk.path : [])]) {
    const { keyAlgorithm, signatureAlgorithm } = certificate;
    if (/md[245]|sha-?1(?!\d)/i.test(signatureAlgorithm) && !certificate.selfSigned)
      return `${subjectOf(certificate)} is signed with ${signatureAlgorithm}; expected SHA-256 or better`;
    const [, bits] = /^rsa-(\d+)$/.exec(keyAlgorithm) ?? [];
    if (bits !== undefined && Number(bits) < MIN_RSA_BITS)
      return `${subjectOf(certificate)} has an RSA key of ${bits} bits; expected ${MIN_RSA_BITS} or more`;
  }
  return undefined;
}

/** Names of the request that the leaf does not hold. Order does not count. */
export function missingNames({ leaf, request }: Gathered): string | undefined {
  const got = labels(leaf.names);
  const missing = [...labels(request.names)].filter((name) => !got.has(name));
  return missing.length === 0 ? undefined : `the leaf lacks ${list(missing)}; it holds ${list([...got])}`;
}

/**
 * Names of the leaf that the request does not hold. The SAN that a common name implies counts as asked, and so does a
 * common name that repeats a name that was asked for.
 */
export function extraNames({ leaf, request }: Gathered): string | undefined {
  const { commonName, dns, ips, uris, emails } = request.names;
  const asked = labels(request.names);
  const implied = commonName === undefined ? undefined : impliedName(commonName);
  if (implied !== undefined) asked.add(`${implied.kind === "dns" ? "DNS" : "email"}:${implied.value}`);
  if (commonName === undefined) for (const name of [...dns, ...ips, ...uris, ...emails]) asked.add(`CN:${name}`);
  const extra = [...labels(leaf.names)].filter((name) => !asked.has(name));
  if (extra.length > 0) return `the leaf holds ${list(extra)}, which nobody asked for; expected ${list([...asked])}`;
  return leaf.otherNames > 0
    ? `the leaf holds ${leaf.otherNames} names of kinds that cannot be asked for (otherName, directoryName, …)`
    : undefined;
}

/** A leaf that is a CA, or that peers would not take for what the service does. */
export function wrongUsage({ leaf, request }: Gathered): string | undefined {
  if (leaf.isCa) return "the leaf is a CA certificate";
  const got = [...(leaf.extendedKeyUsages ?? [])];
  const lacking = request.usages.map((usage) => EXTENDED_KEY_USAGE[usage]).filter((usage) => !got.includes(usage));
  if (lacking.length > 0)
    return `the leaf lacks extended key usage ${lacking.join(", ")}; it has ${got.length === 0 ? "none" : got.join(", ")}`;
  if (leaf.keyUsages?.has("digitalSignature") === false)
    return `the leaf lacks key usage digitalSignature; it has ${[...leaf.keyUsages].join(", ")}`;
  return undefined;
}

const MIN_RSA_BITS = 2048;
const EXTENDED_KEY_USAGE: Readonly<Record<Usage, string>> = { server: "serverAuth", client: "clientAuth" };
/** Names in one message; a certificate may hold thousands. */
const MAX_LISTED = 8;

/** As OpenSSL writes them: `DNS:payments.svc`, `IP:10.0.0.1`. */
function labels(names: Names): Set<string> {
  return new Set([
    ...(names.commonName === undefined ? [] : [`CN:${names.commonName}`]),
    ...names.dns.map((name) => `DNS:${name}`),
    ...names.ips.map((name) => `IP:${name}`),
    ...names.uris.map((name) => `URI:${name}`),
    ...names.emails.map((name) => `email:${name}`),
  ]);
}

/** Names in one message, each quoted; a long list is cut. */
export function list(names: readonly string[]): string {
  if (names.length === 0) return "no name";
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return names.slice(0, MAX_LISTED).map(quote).join(", ") + more;
}

/** What came from outside, on one line and with its ends to be seen, as an operator reads it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** A certificate, for messages. */
export function subjectOf(certificate: Certificate): string {
  return certificate.subject === "" ? `the certificate ${certificate.serial}` : quote(certificate.subject);
}

/** Enough of a hash to tell two apart. */
export function brief(hash: string): string {
  return `${hash.slice(0, 16)}…`;
}

/** How the sentences about validity end: by which time it was judged, since that may be what is wrong. */
export function nowIs(now: EpochMillis): string {
  return `it is ${formatTime(now)} here`;
}
