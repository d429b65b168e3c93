import { canonicalIp } from "../domain/ip.ts";
import { impliedName } from "../domain/names.ts";
import type { Names } from "../domain/spec.ts";
import type { CertificateRequest } from "./csr.ts";
import { flag, list, text } from "./fields.ts";
import type { Role } from "./pki-role.ts";
import { type Fields, VaultError } from "./protocol.ts";

/** A certificate's names, and what was given in vain. */
interface ChosenNames {
  readonly names: Names;
  readonly warnings: readonly string[];
}

/** The names for a certificate: from the request or from the fields, as the role says; VaultError 400 for one it forbids. */
export function chooseNames(role: Role, body: Fields, csr: CertificateRequest | undefined): ChosenNames {
  const isFromCsr = csr !== undefined && role.use_csr_sans;
  const commonName = chooseCommonName(role, body, csr);
  const given = isFromCsr ? csr.names : fieldNames(body);
  const implied = commonName === "" || flag(body, "exclude_cn_from_sans") ? undefined : impliedName(commonName);
  const names = {
    ...(commonName === "" ? {} : { commonName }),
    dns: distinct(implied?.kind === "dns" ? [implied.value, ...given.dns] : given.dns),
    emails: distinct(implied?.kind === "email" ? [implied.value, ...given.emails] : given.emails),
    ips: distinct(given.ips),
    uris: distinct(given.uris),
  };
  checkNames(role, names, isFromCsr ? "CSR" : "the API");
  return { names, warnings: csr === undefined ? [] : ignoredFields(role, body) };
}

function chooseCommonName(role: Role, body: Fields, csr: CertificateRequest | undefined): string {
  const fromCsr = role.use_csr_common_name ? csr?.names.commonName : undefined;
  const commonName = fromCsr || text(body, "common_name");
  if (commonName !== "" || !role.require_cn) return commonName;
  const how = 'or must be provided in a CSR with "use_csr_common_name" set to true';
  throw new VaultError(400, `the common_name field is required, ${how}, unless "require_cn" is set to false`);
}

/** `alt_names` holds host names and e-mail addresses together. */
function fieldNames(body: Fields): Names {
  const alternatives = list(body, "alt_names");
  const ips = list(body, "ip_sans").map((ip) => {
    const canonical = canonicalIp(ip);
    if (canonical === undefined) throw new VaultError(400, `the value "${ip}" is not a valid IP address`);
    return canonical;
  });
  return {
    dns: alternatives.filter((name) => !name.includes("@")),
    emails: alternatives.filter((name) => name.includes("@")),
    ips,
    uris: list(body, "uri_sans"),
  };
}

function checkNames(role: Role, names: Names, source: string): void {
  const { commonName, dns, emails, ips, uris } = names;
  const denied = (what: string) => new VaultError(400, `${what} not allowed by this role`);
  if (commonName !== undefined && !isNameAllowed(role, commonName)) throw denied(`common name ${commonName}`);
  for (const name of dns) if (!isNameAllowed(role, name)) throw denied(`subject alternate name ${name}`);
  for (const email of emails) if (!isNameAllowed(role, email)) throw denied(`email address ${email}`);
  if (ips.length > 0 && !role.allow_ip_sans)
    throw new VaultError(
      400,
      `IP Subject Alternative Names are not allowed in this role, but was provided via ${source}`,
    );
  if (uris.length === 0) return;
  const subject = "URI Subject Alternative Names";
  if (role.allowed_uri_sans.length === 0)
    throw new VaultError(400, `${subject} are not allowed in this role, but were provided via ${source}`);
  if (!uris.every((uri) => role.allowed_uri_sans.some((pattern) => isGlobMatch(pattern, uri))))
    throw new VaultError(400, `${subject} were provided via ${source} which are not valid for this role`);
}

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST_NAME = new RegExp(`^(?:${LABEL}\\.)*${LABEL}\\.?$`);

/** The rule for host names and the domains of e-mail addresses. */
function isNameAllowed(role: Role, given: string): boolean {
  const name = given.slice(given.indexOf("@") + 1).toLowerCase();
  const isWildcard = name.startsWith("*.");
  const base = isWildcard ? name.slice(2) : name;
  if (role.enforce_hostnames && !HOST_NAME.test(base)) return false;
  if (isWildcard && !role.allow_wildcard_certificates) return false;
  if (role.allow_any_name) return true;
  if (role.allow_localhost && (name === "localhost" || name === "localdomain")) return true;
  return role.allowed_domains.some((allowed) => {
    const domain = allowed.toLowerCase();
    if (role.allow_bare_domains && name === domain) return true;
    if (role.allow_subdomains && (base.endsWith(`.${domain}`) || (isWildcard && base === domain))) return true;
    return role.allow_glob_domains && domain.includes("*") && isGlobMatch(domain, name);
  });
}

function isGlobMatch(pattern: string, value: string): boolean {
  return new RegExp(
    `^${pattern
      .split("*")
      .map((part) => RegExp.escape(part))
      .join(".*")}$`,
  ).test(value);
}

/** The fields that a role which reads the CSR does not look at. */
function ignoredFields(role: Role, body: Fields): string[] {
  const ignored = [
    ...(role.use_csr_common_name ? [["common_name", "use_csr_common_name"]] : []),
    ...(role.use_csr_sans ? ["alt_names", "ip_sans", "uri_sans"].map((field) => [field, "use_csr_sans"]) : []),
  ];
  return ignored
    .filter(([field = ""]) => list(body, field).length > 0)
    .map(([field, setting]) => `the ${field} field was provided but the role is set with "${setting}" set to true`);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
