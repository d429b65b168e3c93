import { count, flag, list, seconds, text } from "./fields.ts";
import { type Fields, VaultError } from "./protocol.ts";

/** What a role allows, and how it issues. Lives are in seconds; 0: the mount's. */
export interface Role {
  readonly allow_any_name: boolean;
  readonly allow_bare_domains: boolean;
  readonly allow_glob_domains: boolean;
  readonly allow_ip_sans: boolean;
  readonly allow_localhost: boolean;
  readonly allow_subdomains: boolean;
  readonly allow_wildcard_certificates: boolean;
  readonly allowed_domains: readonly string[];
  readonly allowed_uri_sans: readonly string[];
  readonly client_flag: boolean;
  readonly enforce_hostnames: boolean;
  readonly generate_lease: boolean;
  readonly issuer_ref: string;
  readonly key_bits: number;
  readonly key_type: string;
  readonly max_ttl: number;
  readonly no_store: boolean;
  readonly not_before_duration: number;
  readonly require_cn: boolean;
  readonly server_flag: boolean;
  readonly ttl: number;
  readonly use_csr_common_name: boolean;
  readonly use_csr_sans: boolean;
}

const KEY_TYPES = new Set(["rsa", "ec", "ed25519", "any"]);

/** A role with Vault's defaults; VaultError 400 when its settings contradict each other. */
export function roleFrom(body: Fields): Role {
  const keyType = text(body, "key_type") || "rsa";
  if (!KEY_TYPES.has(keyType)) throw new VaultError(400, `unknown key type ${keyType}`);
  const [ttl, maxTtl] = [seconds(body, "ttl"), seconds(body, "max_ttl")];
  if (maxTtl > 0 && ttl > maxTtl) throw new VaultError(400, '"ttl" value must be less than "max_ttl" value');
  return {
    allow_any_name: flag(body, "allow_any_name"),
    allow_bare_domains: flag(body, "allow_bare_domains"),
    allow_glob_domains: flag(body, "allow_glob_domains"),
    allow_ip_sans: flag(body, "allow_ip_sans", true),
    allow_localhost: flag(body, "allow_localhost", true),
    allow_subdomains: flag(body, "allow_subdomains"),
    allow_wildcard_certificates: flag(body, "allow_wildcard_certificates", true),
    allowed_domains: list(body, "allowed_domains"),
    allowed_uri_sans: list(body, "allowed_uri_sans"),
    client_flag: flag(body, "client_flag", true),
    enforce_hostnames: flag(body, "enforce_hostnames", true),
    generate_lease: flag(body, "generate_lease"),
    issuer_ref: text(body, "issuer_ref") || "default",
    key_bits: count(body, "key_bits") || DEFAULT_BITS[keyType] || 0,
    key_type: keyType,
    max_ttl: maxTtl,
    no_store: flag(body, "no_store"),
    not_before_duration: body["not_before_duration"] === undefined ? 30 : seconds(body, "not_before_duration"),
    require_cn: flag(body, "require_cn", true),
    server_flag: flag(body, "server_flag", true),
    ttl,
    use_csr_common_name: flag(body, "use_csr_common_name", true),
    use_csr_sans: flag(body, "use_csr_sans", true),
  };
}

const DEFAULT_BITS: Readonly<Record<string, number>> = { rsa: 2048, ec: 256 };
