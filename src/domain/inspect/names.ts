import type { Certificate } from "../certificate.ts";
import { canonicalIp } from "../ip.ts";
import { normaliseNames } from "../names.ts";
import type { Names } from "../spec.ts";
import { list, subjectOf } from "../verify/check-rules.ts";
import { type Finding, finding } from "./findings.ts";

/**
 * True when a peer that looks for `name` takes this certificate: DNS as RFC 6125 compares it (a wildcard is the whole
 * first label and stands for one), IP addresses, URIs (SPIFFE ids) and e-mail addresses exactly. The common name has no
 * say, as in every TLS client of today.
 */
export function coversName(names: Names, name: string): boolean {
  if (name.includes("://")) return names.uris.includes(name);
  const ip = canonicalIp(name);
  if (ip !== undefined) return names.ips.includes(ip);
  const { dns, emails } = normaliseNames({ dns: [name], ips: [], uris: [], emails: [name] });
  if (name.includes("@")) return emails.some((email) => names.emails.includes(email));
  return dns.some((wanted) => names.dns.some((held) => coversDns(held, wanted)));
}

/** Names that are looked for and not held, and a certificate that holds none for anybody to look at. */
export function nameFindings(leaf: Certificate, wanted: readonly string[]): readonly Finding[] {
  const { dns, ips, uris, emails } = leaf.names;
  const held = [...dns, ...ips, ...uris, ...emails];
  const missing = wanted.filter((name) => !coversName(leaf.names, name));
  return [
    ...(held.length === 0 && leaf.otherNames === 0
      ? [finding("no_san", `${subjectOf(leaf)} has no subject alternative names`)]
      : []),
    ...(missing.length === 0
      ? []
      : [finding("name_mismatch", `the certificate is not for ${list(missing)}; it is for ${list(held)}`)]),
  ];
}

function coversDns(held: string, wanted: string): boolean {
  if (held === wanted) return true;
  const [first, ...rest] = held.split(".");
  // `*.com` would be a whole registry: OpenSSL and browsers want two labels after the star.
  if (first !== "*" || rest.length < 2) return false;
  const dot = wanted.indexOf(".");
  return dot > 0 && wanted.slice(dot + 1) === rest.join(".");
}
