import type { TestVault } from "./test-vault.ts";

interface PkiOptions {
  /** The intermediate's mount; the root's is `<mount>-root`. Default `pki`. */
  readonly mount?: string;
  /** Default `svc`. */
  readonly role?: string;
  /** Laid over the role's settings, such as `{ no_store: true }`. */
  readonly roleSettings?: Readonly<Record<string, unknown>>;
  /** Do not import the root into the intermediate's mount: its `ca_chain` then ends at the intermediate. */
  readonly offlineRoot?: boolean;
  /** The life of the login's token. Default one hour, 24 hours at most. */
  readonly tokenTtl?: string;
  readonly tokenMaxTtl?: string;
  /** Further rules of the policy, in Vault's HCL. */
  readonly policy?: string;
}

interface SecretIdOptions {
  /** Answer a wrapping token of this life instead of the secret-id. */
  readonly wrapTtl?: string;
  /** How often it may be used; default without limit. */
  readonly uses?: number;
}

export interface TestPki {
  readonly mount: string;
  readonly role: string;
  /** PEM, one block each. */
  readonly root: string;
  readonly intermediate: string;
  readonly approle: string;
  readonly roleId: string;
  readonly secretId: string;
  /** A further secret-id, or with `wrapTtl` the wrapping token of one. */
  newSecretId(options?: SecretIdOptions): Promise<string>;
  /** A client token of the least-privilege policy. */
  login(): Promise<string>;
  /** How many certificates the role has issued and stored since the set-up. */
  issued(): Promise<number>;
}

const ROLE = {
  allowed_domains: ["svc", "localhost", "example.com"],
  allow_bare_domains: true,
  allow_subdomains: true,
  allow_localhost: true,
  allow_ip_sans: true,
  allowed_uri_sans: ["spiffe://*"],
  require_cn: false,
  key_type: "any",
  max_ttl: "72h",
  ttl: "24h",
};

/**
 * An offline-style root, an intermediate with a role that takes any name below `svc`, `localhost` and `example.com`,
 * and an AppRole whose policy allows signing with that role and nothing else.
 */
export async function setUpPki(vault: TestVault, options: PkiOptions = {}): Promise<TestPki> {
  const { mount = "pki", role = "svc" } = options;
  const authorities = await mountAuthorities(vault, mount, options.offlineRoot === true);
  await vault.root("POST", `${mount}/roles/${role}`, { ...ROLE, ...options.roleSettings });

  const approle = `${mount}-${role}`;
  await vault.root("PUT", `sys/policies/acl/${approle}`, {
    policy: `${leastPrivilege(mount, role)}\n${options.policy ?? ""}`,
  });
  const enabled = await vault.root("GET", "sys/auth");
  if (enabled.data["approle/"] === undefined) await vault.root("POST", "sys/auth/approle", { type: "approle" });
  const login = `auth/approle/role/${approle}`;
  await vault.root("POST", login, {
    token_policies: [approle],
    token_ttl: options.tokenTtl ?? "1h",
    token_max_ttl: options.tokenMaxTtl ?? "24h",
  });
  const newSecretId = async ({ wrapTtl, uses = 0 }: SecretIdOptions = {}) => {
    const wrapping = wrapTtl === undefined ? {} : { wrapTtl };
    const { body } = await vault.request("POST", `${login}/secret-id`, { num_uses: uses }, wrapping);
    return wrapTtl === undefined ? body.data.secret_id : body.wrap_info.token;
  };
  const roleId = (await vault.root("GET", `${login}/role-id`)).data.role_id;
  const secretId = await newSecretId();
  const stored = async () => {
    const { status, body } = await vault.request("LIST", `${mount}/certs`);
    return status === 404 ? 0 : body.data.keys.length;
  };
  const before = await stored();
  return {
    ...authorities,
    mount,
    role,
    approle,
    roleId,
    secretId,
    newSecretId,
    login: async () =>
      (await vault.root("POST", "auth/approle/login", { role_id: roleId, secret_id: secretId })).auth.client_token,
    issued: async () => (await stored()) - before,
  };
}

async function mountAuthorities(vault: TestVault, mount: string, offlineRoot: boolean) {
  const rootMount = `${mount}-root`;
  for (const path of [rootMount, mount]) {
    await vault.root("POST", `sys/mounts/${path}`, { type: "pki", config: { max_lease_ttl: "87600h" } });
  }
  const named = (name: string) => ({ common_name: name, key_type: "ec", key_bits: 256, ttl: "87600h" });
  const { data: made } = await vault.root("POST", `${rootMount}/root/generate/internal`, named("Test Root"));
  const { data: request } = await vault.root(
    "POST",
    `${mount}/intermediate/generate/internal`,
    named("Test Intermediate"),
  );
  const { data: signed } = await vault.root("POST", `${rootMount}/root/sign-intermediate`, {
    csr: request.csr,
    use_csr_values: true,
    ttl: "43800h",
  });
  const imported = offlineRoot ? signed.certificate : `${signed.certificate}\n${made.certificate}`;
  await vault.root("POST", `${mount}/intermediate/set-signed`, { certificate: imported });
  return { root: `${made.certificate.trim()}\n`, intermediate: `${signed.certificate.trim()}\n` };
}

const leastPrivilege = (mount: string, role: string) => `
path "${mount}/sign/${role}" { capabilities = ["update"] }
path "${mount}/issue/${role}" { capabilities = ["update"] }`;
