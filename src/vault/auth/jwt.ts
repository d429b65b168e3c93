import { fileDigest, readCredential } from "./credential-file.ts";
import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";

/** A JSON web token from a file; https://developer.hashicorp.com/vault/api-docs/auth/jwt#jwt-login */
export function jwtAuth(spec: SpecOf<"jwt">, tools: AuthTools): AuthMethod {
  return {
    kind: "jwt",
    fixed: false,
    login: async (signal) => {
      const jwt = readCredential(spec.tokenFile, "JSON web token");
      const hint = `check the jwt role "${spec.role}": audience, subject and bound claims, and the end of the token`;
      const data = { role: spec.role };
      return logIn(tools, { mount: spec.mount, path: "login", data, secrets: { jwt }, hint }, signal);
    },
    fingerprint: () => fileDigest(spec.tokenFile),
  };
}
