import type { Token } from "./tokens.ts";

/** LIST is what `?list=true` and the LIST method mean; PUT is POST. */
export type Method = "GET" | "LIST" | "POST" | "DELETE";

export type Fields = Readonly<Record<string, unknown>>;

/** One request on its way to a route. */
export interface Call {
  readonly method: Method;
  /** Without `/v1/`: `pki/sign/svc`. */
  readonly path: string;
  /** The values of the route's `:placeholders`, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly body: Fields;
  /** The text of the token header, "" without one. */
  readonly bearer: string;
  /** The caller; absent on open routes that were called without a token. */
  readonly token: Token | undefined;
}

/** What a route gives back, before it is put into Vault's envelope. */
export type Answer =
  | { readonly kind: "empty" }
  | {
      readonly kind: "data";
      readonly data: Fields;
      readonly warnings?: readonly string[];
      readonly lease?: { readonly id: string; readonly seconds: number };
      /** Repeat the data beside the envelope, as `sys/` does. */
      readonly flat?: boolean;
    }
  | { readonly kind: "auth"; readonly token: Token; readonly warnings?: readonly string[] }
  | {
      readonly kind: "raw";
      readonly contentType: string;
      readonly bytes: string | Uint8Array;
      readonly status?: number;
    };

export interface Route {
  readonly method: Method;
  /** Below its mount, with placeholders: `sign/:role`. */
  readonly path: string;
  /** Needs no token. */
  readonly open?: boolean;
  /** Answers while the server is sealed. */
  readonly whileSealed?: boolean;
  handle(call: Call): Answer;
}

/** A secrets engine, an auth method or `sys`, at its place. */
export interface Mount {
  /** With the final slash: `pki/`, `auth/approle/`. */
  readonly path: string;
  readonly type: string;
  readonly routes: readonly Route[];
}

/** An answer that is an error: the status, and the texts that go under `errors`. */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly status: number;
  readonly errors: readonly string[];

  constructor(status: number, ...errors: readonly string[]) {
    super(errors.join("; "));
    this.status = status;
    this.errors = errors;
  }
}

/** Errors of a mount come from the real server wrapped in a list of one. */
export function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`;
}

export const permissionDenied = (): VaultError => new VaultError(403, listed("permission denied"));
export const notFound = (): VaultError => new VaultError(404);
