import type { TestVault } from "../support/vault-server.ts";
import type { Cluster } from "./cluster.ts";

/**
 * Mounts the auth method `kubernetes` with the role `payments-pod`, for the service account of that name in `payments`,
 * as docs/get-started-kubernetes.md does. The cluster reviews the tokens, on behalf of the service account `reviewer`.
 */
export async function reviewedLogin(vault: TestVault, cluster: Cluster, policy: string): Promise<void> {
  const binding = ["--clusterrole=system:auth-delegator", "--serviceaccount=payments:reviewer"];
  await cluster.kubectl(["create", "serviceaccount", "reviewer", "--namespace=payments"]);
  await cluster.kubectl(["create", "clusterrolebinding", "vault-reviewer", ...binding]);
  await vault.root("POST", "sys/auth/kubernetes", { type: "kubernetes" });
  await vault.root("POST", "auth/kubernetes/config", {
    kubernetes_host: cluster.address,
    kubernetes_ca_cert: cluster.ca,
    token_reviewer_jwt: await cluster.token("reviewer"),
  });
  await vault.root("POST", "auth/kubernetes/role/payments-pod", {
    bound_service_account_names: ["payments-pod"],
    bound_service_account_namespaces: ["payments"],
    audience: "vault",
    token_policies: [policy],
  });
}
