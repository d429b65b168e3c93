import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { canonicalIp } from "./ip.ts";
import type { Names } from "./spec.ts";
import { spiffeProblem } from "./spiffe.ts";

/**
 * The one spelling of a set of names, so that equal sets compare equal: DNS in lower case without a final dot, IPs
 * canonical, scheme and host of URIs and the domain of e-mail addresses in lower case; each list sorted, without
 * duplicates. What is not a valid name stays what it is: `nameProblem` tells.
 */
export function normaliseNames(names: Names): Names {
  return {
    ...(names.commonName ? { commonName: names.commonName } : {}),
    dns: distinct(names.dns, normaliseDns),
    ips: distinct(names.ips, (ip) => canonicalIp(ip) ?? ip),
    uris: distinct(names.uris, normaliseUri),
    emails: distinct(names.emails, normaliseEmail),
  };
}

/** True when two normalised sets hold the same names; order does not count. */
export function sameNames(a: Names, b: Names): boolean {
  return (
    a.commonName === b.commonName &&
    sameSet(a.dns, b.dns) &&
    sameSet(a.ips, b.ips) &&
    sameSet(a.uris, b.uris) &&
    sameSet(a.emails, b.emails)
  );
}

/**
 * The SAN that a PKI may add of itself because the common name reads as a host name or an e-mail address, normalised.
 * Vault and OpenBao do it unless the request says `exclude_cn_from_sans`; even for an IP address, as a *DNS* name.
 */
export function impliedName(commonName: string): { kind: "dns" | "email"; value: string } | undefined {
  if (commonName.includes("@")) return { kind: "email", value: normaliseEmail(commonName) };
  const host = normaliseDns(isAscii(commonName) ? commonName : domainToASCII(commonName));
  return HOST.test(host) ? { kind: "dns", value: host } : undefined;
}

/** True when the common name reads as a host name, so that a PKI may repeat it as a DNS name. */
export function isHostLike(commonName: string): boolean {
  return impliedName(commonName)?.kind === "dns";
}

/** The kinds of name a request can hold. */
export type NameKind = "commonName" | "dns" | "ip" | "uri" | "email";

/** What is wrong with one name as an operator wrote it, as the end of a sentence; undefined when it is good. */
export function nameProblem(kind: NameKind, value: string): string | undefined {
  if (value === "") return "is empty";
  switch (kind) {
    case "commonName":
      return commonNameProblem(value);
    case "dns":
      return dnsProblem(value);
    case "ip":
      return canonicalIp(value) === undefined ? "is not an IP address" : undefined;
    case "uri":
      return uriProblem(value);
    case "email":
      return emailProblem(value);
    default:
      return kind satisfies never;
  }
}

/** The upper bound of RFC 5280 appendix A.1 (ub-common-name): OpenSSL and Vault refuse more. */
const MAX_COMMON_NAME = 64;
const MAX_DNS_NAME = 253;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)*${LABEL}$`);
/** Scheme; slashes and user information; host and port; the rest (after RFC 3986 appendix B). */
const URI_PARTS = /^([^:/?#]+:)?(?:(\/\/(?:[^/?#]*@)?)([^/?#]*))?(.*)$/s;
/** The characters of RFC 3986; PKIs rewrite any other, so that the certificate would differ from the request. */
const URI = /^[a-z][a-z0-9+.-]*:(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+$/i;
/** The dot-string of RFC 5321 §4.1.2: the form every PKI takes. */
const MAILBOX = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/;

function commonNameProblem(value: string): string | undefined {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value)) return "holds a control character";
  if (!value.isWellFormed()) return "is not well-formed Unicode";
  if (value.trim() !== value) return "begins or ends with white space";
  const { length } = Array.from(value);
  return length > MAX_COMMON_NAME ? `is ${length} characters long; the limit is ${MAX_COMMON_NAME}` : undefined;
}

function dnsProblem(value: string): string | undefined {
  if (isIP(value) !== 0) return "is an IP address: list it under ips";
  if (!isAscii(value)) {
    const ascii = domainToASCII(value);
    return ascii === "" ? "is not a host name" : `is not ASCII: write it as ${ascii}`;
  }
  const name = normaliseDns(value);
  if (name.length > MAX_DNS_NAME) return `is ${name.length} characters long; the limit is ${MAX_DNS_NAME}`;
  if (name.replace(/^\*\./, "").includes("*")) return "has a wildcard that is not its whole first label";
  return HOST.test(name) ? undefined : "is not a host name";
}

function uriProblem(value: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(value)) return "has no scheme, such as spiffe:// or https://";
  if (/^spiffe:/i.test(value)) return spiffeProblem(value);
  return URI.test(value) ? undefined : "holds a character that a URI must percent-encode";
}

function emailProblem(value: string): string | undefined {
  const at = value.lastIndexOf("@");
  if (at < 1) return "has no mailbox before an @";
  if (!MAILBOX.test(value.slice(0, at))) return "has a mailbox that is not plain ASCII without spaces";
  const domain = value.slice(at + 1);
  return domain === "" || domain.includes("*") || dnsProblem(domain)
    ? "has a domain that is not a host name"
    : undefined;
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

function normaliseDns(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function normaliseUri(uri: string): string {
  const [, scheme = "", user = "", host = "", rest = ""] = URI_PARTS.exec(uri) ?? [];
  return scheme.toLowerCase() + user + host.toLowerCase() + rest;
}

function normaliseEmail(email: string): string {
  const at = email.lastIndexOf("@") + 1;
  return email.slice(0, at) + email.slice(at).toLowerCase();
}

function distinct(values: readonly string[], normalise: (value: string) => string): string[] {
  return [...new Set(values.map(normalise))].sort();
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(a);
  return known.size === new Set(b).size && b.every((value) => known.has(value));
}
