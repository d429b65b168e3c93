import type { Secret } from "../domain/secret.ts";

/** One request to Vault's HTTP API. */
export interface VaultRequest {
  readonly operation: "read" | "write" | "list";
  /** Without `/v1/`, each segment encoded: see `apiPath`. */
  readonly path: string;
  /** The JSON body of a write. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly token?: Secret<string>;
  /** Leave `X-Vault-Namespace` out: `sys/health` answers 400 inside a namespace. */
  readonly rootNamespace?: true;
  /** Further fields of the body. Should the answer echo one, it stays out of the error. */
  readonly secrets?: Readonly<Record<string, Secret<string>>>;
  /** The answer is PEM and not JSON. */
  readonly plainText?: true;
  /** Ask this address only; absent: all of the cluster's, from the last good one on. */
  readonly address?: string;
}

/** What the rest of this folder asks of a cluster; `VaultClient` is the real one. */
export interface VaultApi {
  /**
   * Sends one request and resolves with the body of a success: parsed JSON, the text with `plainText`, undefined when
   * it is empty. Rejects with a LeafdError of "reaching the issuer", "being allowed" or "the request".
   */
  send(request: VaultRequest, signal: AbortSignal): Promise<unknown>;
}

/** `apiPath("pki/team a", "sign", "svc")` → `pki/team%20a/sign/svc`. */
export function apiPath(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split("/")).filter((segment) => segment !== "");
  return segments.map(encodeURIComponent).join("/");
}
