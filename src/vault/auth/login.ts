import { LeafdError, type Reason, toLeafdError } from "../../domain/errors.ts";
import type { Secret } from "../../domain/secret.ts";
import { apiPath } from "../api.ts";
import { type Grant, grantOf } from "../replies.ts";
import type { AuthTools } from "./method.ts";

interface Login {
  /** Of the auth method: `approle`, `team/kubernetes`. */
  readonly mount: string;
  /** Behind the mount, such as `login`. */
  readonly path: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, Secret<string>>>;
  /** What to do when Vault says no. */
  readonly hint: string;
  /** Whom this method locks out after some refusals, such as `the role-id`. Absent: nobody. */
  readonly lockedOut?: string;
}

/** The credential itself is no good, and Vault counts that: after five in a row it locks the role-id or the user out. */
export class CredentialRefused extends LeafdError {}

/** What Vault answers to a login that it refuses: 400 or 403, by the method. */
const REFUSALS: ReadonlySet<Reason> = new Set<Reason>([
  "permission_denied",
  "token_invalid",
  "request_denied",
  "role_missing",
  "name_denied",
  "key_denied",
]);

/** `POST auth/<mount>/<path>`; a refusal becomes `login_denied`. */
export async function logIn(tools: AuthTools, login: Login, signal: AbortSignal): Promise<Grant> {
  const { mount, data = {}, secrets = {}, hint } = login;
  const path = apiPath("auth", mount, login.path);
  try {
    const body = await tools.api.send({ operation: "write", path, data, secrets }, signal);
    return grantOf(body, path);
  } catch (thrown) {
    const error = toLeafdError(thrown);
    if (!REFUSALS.has(error.reason)) throw error;
    if (login.lockedOut === undefined) throw new LeafdError("login_denied", error.message, { hint });
    // Who is locked out gets a 403 and no reason; it says nothing about the credential.
    if (error.reason !== "permission_denied") throw new CredentialRefused("login_denied", error.message, { hint });
    const locked = `Vault may have locked ${login.lockedOut} out for 15 min after five refused logins, of anybody with it: see docs/operations.md#login_denied`;
    throw new LeafdError("login_denied", error.message, { hint: `${locked}; otherwise ${hint}` });
  }
}
