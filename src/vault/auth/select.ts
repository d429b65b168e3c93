import { approleAuth } from "./approle.ts";
import { certAuth } from "./cert.ts";
import { jwtAuth } from "./jwt.ts";
import { kubernetesAuth } from "./kubernetes.ts";
import type { AuthMethod, AuthTools } from "./method.ts";
import { tokenAuth } from "./token.ts";
import { tokenFileAuth } from "./token-file.ts";
import { userpassAuth } from "./userpass.ts";

/** The method that the cluster's `auth` names. */
export function authMethod(tools: AuthTools): AuthMethod {
  const { auth } = tools.cluster;
  switch (auth.kind) {
    case "token":
      return tokenAuth(auth, tools);
    case "tokenFile":
      return tokenFileAuth(auth, tools);
    case "approle":
      return approleAuth(auth, tools);
    case "kubernetes":
      return kubernetesAuth(auth, tools);
    case "jwt":
      return jwtAuth(auth, tools);
    case "cert":
      return certAuth(auth, tools);
    case "userpass":
      return userpassAuth(auth, tools);
    default:
      throw auth satisfies never;
  }
}
