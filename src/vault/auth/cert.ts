import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";

/**
 * The cluster's own client certificate, which the transport presents. Vault binds the token to it, so a certificate
 * that was replaced means a new login; https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method
 */
export function certAuth(spec: SpecOf<"cert">, tools: AuthTools): AuthMethod {
  return {
    kind: "cert",
    fixed: false,
    login: (signal) => {
      const data = spec.role === undefined ? {} : { name: spec.role };
      const hint = "check the end of `tls.certFile`, and that a role of the cert method trusts it";
      return logIn(tools, { mount: spec.mount, path: "login", data, hint }, signal);
    },
    fingerprint: () => tools.tls.clientCertificate(),
  };
}
