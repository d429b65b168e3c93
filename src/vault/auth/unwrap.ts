import { LeafdError, toLeafdError } from "../../domain/errors.ts";
import { Secret } from "../../domain/secret.ts";
import type { VaultApi } from "../api.ts";
import { badResponse, dataOf, textOf } from "../replies.ts";

const CONSUMED_HINT =
  "treat it as stolen unless you know who used it: revoke that secret-id, deliver a fresh wrapping token";

/**
 * Takes a secret-id out of its response wrapping, which can be done once. The path that created the wrapping token is
 * checked first, without consuming it: a token that an attacker wrapped would come from another path.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/response-wrapping#response-wrapping-token-validation
 */
export class Unwrapper {
  readonly #api: VaultApi;
  readonly #creationPath: string;

  constructor(api: VaultApi, creationPath: string) {
    this.#api = api;
    this.#creationPath = creationPath;
  }

  /** `wrap_consumed` when the token is not good any more, `wrap_mismatch` when another path made it. Consumes nothing. */
  async inspect(wrapping: Secret<string>, signal: AbortSignal): Promise<void> {
    const path = "sys/wrapping/lookup";
    const body = await this.#orConsumed(
      this.#api.send({ operation: "write", path, secrets: { token: wrapping } }, signal),
      "the wrapping token is not valid any more: it was used, or its time is over",
    );
    const made = textOf(dataOf(body, path).creation_path);
    if (made !== this.#creationPath)
      throw new LeafdError(
        "wrap_mismatch",
        `the wrapping token was created by ${made ?? "nobody knows what"}, and not by ${this.#creationPath}`,
        { hint: "find out who delivered it; correct `wrapped.creationPath` only if that path is the right one" },
      );
  }

  async unwrap(wrapping: Secret<string>, signal: AbortSignal): Promise<Secret<string>> {
    await this.inspect(wrapping, signal);
    const path = "sys/wrapping/unwrap";
    const body = await this.#orConsumed(
      this.#api.send({ operation: "write", path, token: wrapping }, signal),
      "somebody used the wrapping token before leafd could",
    );
    const secretId = textOf(dataOf(body, path).secret_id);
    if (secretId === undefined) throw badResponse(path, "it holds no secret_id");
    return new Secret(secretId);
  }

  async #orConsumed(reply: Promise<unknown>, message: string): Promise<unknown> {
    try {
      return await reply;
    } catch (thrown) {
      const error = toLeafdError(thrown);
      const refused = ["request_denied", "permission_denied", "token_invalid"].includes(error.reason);
      throw refused ? new LeafdError("wrap_consumed", `${message} (${error.message})`, { hint: CONSUMED_HINT }) : error;
    }
  }
}
