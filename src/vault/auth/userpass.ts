import { fileDigest, readCredential } from "./credential-file.ts";
import { logIn } from "./login.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";

/** A user name and a password file; https://developer.hashicorp.com/vault/api-docs/auth/userpass#login */
export function userpassAuth(spec: SpecOf<"userpass">, tools: AuthTools): AuthMethod {
  return {
    kind: "userpass",
    fixed: false,
    login: async (signal) => {
      const password = readCredential(spec.passwordFile, "password");
      const hint = `check the user "${spec.username}" and the password in ${spec.passwordFile}`;
      const { mount, username } = spec;
      const lockedOut = `the user "${username}"`;
      return logIn(tools, { mount, path: `login/${username}`, secrets: { password }, hint, lockedOut }, signal);
    },
    fingerprint: () => fileDigest(spec.passwordFile),
  };
}
