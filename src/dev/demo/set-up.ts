import type { DemoVault } from "./vault.ts";

/** A login that may sign certificates for `spiffe://demo/…` and nothing else. */
export interface DemoLogin {
  readonly roleId: string;
  readonly secretId: string;
}

interface SetUp {
  /** The name of its root. */
  readonly root?: string;
  /** Roles besides `demo`, which is as strict about keys as they are lax. */
  readonly roles?: readonly string[];
}

/** What an operator prepares once: a PKI mount with a root, a role, and an AppRole of least privilege. */
export async function setUpVault(vault: DemoVault, { root = "Demo Root", roles = [] }: SetUp = {}): Promise<DemoLogin> {
  await vault.request("POST", "sys/mounts/pki", { type: "pki", config: { max_lease_ttl: "24h" } });
  await vault.request("POST", "pki/root/generate/internal", {
    common_name: root,
    key_type: "ec",
    key_bits: 256,
    ttl: "24h",
  });
  await vault.request("POST", "pki/roles/demo", { ...ROLE, key_type: "ec", key_bits: 256 });
  for (const role of roles) await vault.request("POST", `pki/roles/${role}`, { ...ROLE, key_type: "any" });
  const policy = ["demo", ...roles].map((role) => `path "pki/sign/${role}" { capabilities = ["update"] }`).join("\n");
  await vault.request("POST", "sys/policies/acl/leafd", { policy });
  await vault.request("POST", "sys/auth/approle", { type: "approle" });
  await vault.request("POST", "auth/approle/role/leafd", { token_policies: ["leafd"], token_ttl: "1h" });
  const { role_id: roleId } = await vault.request("GET", "auth/approle/role/leafd/role-id");
  const { secret_id: secretId } = await vault.request("POST", "auth/approle/role/leafd/secret-id");
  return { roleId: String(roleId), secretId: String(secretId) };
}

const ROLE = {
  allowed_domains: ["demo"],
  allow_subdomains: true,
  allowed_uri_sans: ["spiffe://demo/*"],
  require_cn: false,
  max_ttl: "1h",
  no_store: true,
};
