import { text as readText } from "node:stream/consumers";
import { httpServer } from "./http-server.ts";
import { TestCa } from "./test-ca.ts";
import type { TestVault } from "./vault-server.ts";

interface KubernetesAuth extends AsyncDisposable {
  /** The service account tokens that the cluster was asked about. */
  readonly reviewed: readonly string[];
}

interface ReviewingCluster extends KubernetesAuth {
  /** Of its API server. */
  readonly address: string;
}

/**
 * A cluster that vouches for every token: it is of this service account of the namespace `apps`. As a real one it looks
 * at the audience where it is asked about one.
 */
export async function reviewingCluster(account = "leafd"): Promise<ReviewingCluster> {
  const reviewed: string[] = [];
  const cluster = await httpServer((request, response) => {
    void (async () => {
      const { spec } = JSON.parse(await readText(request));
      reviewed.push(spec.token);
      response.writeHead(201, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ status: reviewOf(spec, account) }));
    })();
  });
  return { reviewed, address: cluster.address, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}

interface ReviewSpec {
  readonly token: string;
  readonly audiences?: readonly string[];
}

function reviewOf({ token, audiences }: ReviewSpec, account: string) {
  const user = { username: `system:serviceaccount:apps:${account}`, uid: "1", groups: [] };
  if (audiences === undefined) return { authenticated: true, user };
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  const common = audiences.filter((each) => claims.aud?.includes(each));
  return common.length === 0 ? { authenticated: false } : { authenticated: true, user, audiences: common };
}

/**
 * Mounts the auth method `kubernetes` with a role that gives these policies to the service account of the same name in
 * the namespace `apps`. The cluster behind it vouches for every token.
 */
export async function kubernetesAuth(
  vault: TestVault,
  policies: readonly string[],
  account = "leafd",
): Promise<KubernetesAuth> {
  const cluster = await reviewingCluster(account);
  await vault.root("POST", "sys/auth/kubernetes", { type: "kubernetes" });
  await vault.root("POST", "auth/kubernetes/config", {
    kubernetes_host: cluster.address,
    token_reviewer_jwt: serviceAccount("reviewer"),
    kubernetes_ca_cert: (await TestCa.root()).certificate.pem,
    disable_local_ca_jwt: true,
  });
  await vault.root("POST", `auth/kubernetes/role/${account}`, {
    bound_service_account_names: [account],
    bound_service_account_namespaces: ["apps"],
    token_policies: policies,
  });
  return cluster;
}

/** A token as the kubelet projects it; only its claims are read before the cluster is asked, nobody checks the signature. */
export function serviceAccount(name: string, jti = "1", audience?: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: "https://kubernetes.default.svc",
    iat: 1_700_000_000,
    nbf: 1_700_000_000,
    exp: 4_000_000_000,
    jti,
    ...(audience === undefined ? {} : { aud: [audience] }),
    sub: `system:serviceaccount:apps:${name}`,
    "kubernetes.io": { namespace: "apps", serviceaccount: { name, uid: "1" } },
  };
  return `${encode({ alg: "RS256", kid: "1" })}.${encode(claims)}.${Buffer.alloc(256, 1).toString("base64url")}`;
}
