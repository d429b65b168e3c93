import { fileDigest, readToken } from "./credential-file.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";
import { adopt } from "./token.ts";

/** A token that somebody else keeps in a file, such as the sink of a Vault Agent. Read again when it changes; never revoked. */
export function tokenFileAuth(spec: SpecOf<"tokenFile">, tools: AuthTools): AuthMethod {
  return {
    kind: "tokenFile",
    fixed: true,
    login: async (signal) => adopt(readToken(spec.path, "token"), tools, signal),
    fingerprint: () => fileDigest(spec.path),
  };
}
