import { fileDigest, readCredential } from "./credential-file.ts";
import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";

/** The pod's projected service account token, which the kubelet replaces; https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login */
export function kubernetesAuth(spec: SpecOf<"kubernetes">, tools: AuthTools): AuthMethod {
  return {
    kind: "kubernetes",
    fixed: false,
    login: async (signal) => {
      const jwt = readCredential(spec.tokenFile, "service account token");
      const hint = `check the kubernetes role "${spec.role}": service account, namespace and audience`;
      const data = { role: spec.role };
      return logIn(tools, { mount: spec.mount, path: "login", data, secrets: { jwt }, hint }, signal);
    },
    fingerprint: () => fileDigest(spec.tokenFile),
  };
}
