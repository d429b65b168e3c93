import type { DemoVault } from "./vault.ts";

/** A login that may sign certificates for `spiffe://demo/…` and nothing else. */
export interface DemoLogin {
  readonly roleId: string;
  readonly secretId: string;
}

const POLICY = 'path "pki/sign/demo" { capabilities = ["update"] }';

/** What an operator prepares once: a PKI mount with a root, a role, and an AppRole of least privilege. */
export async function setUpVault(vault: DemoVault): Promise<DemoLogin> {
  await vault.request("POST", "sys/mounts/pki", { type: "pki", config: { max_lease_ttl: "24h" } });
  await vault.request("POST", "pki/root/generate/internal", {
    common_name: "Demo Root",
    key_type: "ec",
    key_bits: 256,
    ttl: "24h",
  });
  await vault.request("POST", "pki/roles/demo", {
    allowed_domains: ["demo"],
    allow_subdomains: true,
    allowed_uri_sans: ["spiffe://demo/*"],
    require_cn: false,
    key_type: "ec",
    key_bits: 256,
    max_ttl: "1h",
    no_store: true,
  });
  await vault.request("POST", "sys/policies/acl/leafd", { policy: POLICY });
  await vault.request("POST", "sys/auth/approle", { type: "approle" });
  await vault.request("POST", "auth/approle/role/leafd", { token_policies: ["leafd"], token_ttl: "1h" });
  const { role_id: roleId } = await vault.request("GET", "auth/approle/role/leafd/role-id");
  const { secret_id: secretId } = await vault.request("POST", "auth/approle/role/leafd/secret-id");
  return { roleId: String(roleId), secretId: String(secretId) };
}
