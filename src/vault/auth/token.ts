import { LeafdError, toLeafdError } from "../../domain/errors.ts";
import type { Secret } from "../../domain/secret.ts";
import { type Grant, lookedUpGrant } from "../replies.ts";
import type { AuthMethod, AuthTools, SpecOf } from "./method.ts";

const LOOKUP = "auth/token/lookup-self";

/** A token from the configuration (by way of `${ENV}`). */
export function tokenAuth(spec: SpecOf<"token">, tools: AuthTools): AuthMethod {
  return { kind: "token", fixed: true, login: (signal) => adopt(spec.token, tools, signal) };
}

/** What Vault knows of a token that was handed to us. `token_invalid` when it is dead, or may not look itself up. */
export async function adopt(token: Secret<string>, tools: AuthTools, signal: AbortSignal): Promise<Grant> {
  try {
    return lookedUpGrant(await tools.api.send({ operation: "read", path: LOOKUP, token }, signal), token, LOOKUP);
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (error.reason !== "permission_denied" && error.reason !== "token_invalid") throw error;
    throw new LeafdError("token_invalid", error.message, {
      hint: "give leafd a new token: this one is revoked or has ended (or its policies do not let it look itself up)",
    });
  }
}
