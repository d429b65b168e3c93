import type { Secret } from "./secret.ts";
import type { Millis } from "./units.ts";

export interface ClusterSpec {
  readonly name: string;
  /** `https://…`, `http://…` (loopback only unless allowed) or `unix:///path`; tried in order. */
  readonly addresses: readonly string[];
  readonly namespace?: string;
  readonly tls: {
    readonly caFile?: string;
    readonly serverName?: string;
    /** The client certificate of `cert` auth, or of a listener that asks for one. */
    readonly certFile?: string;
    readonly keyFile?: string;
  };
  readonly auth: AuthSpec;
  readonly timeouts: { readonly connect: Millis; readonly request: Millis };
  /** Requests to this cluster that may be under way at once. */
  readonly concurrency: number;
}

export type AuthSpec =
  | { readonly kind: "token"; readonly token: Secret<string> }
  | { readonly kind: "tokenFile"; readonly path: string }
  | {
      readonly kind: "approle";
      readonly mount: string;
      readonly roleId: { readonly value: string } | { readonly file: string };
      /** Absent: the role has `bind_secret_id=false`. */
      readonly secretIdFile?: string;
      /** Set: the file holds a response-wrapping token, which must have been created by this path. */
      readonly wrapped?: { readonly creationPath: string };
      /** Keep an unwrapped secret-id 0600 in the state directory, so that a restart can log in again. */
      readonly persist: boolean;
    }
  | { readonly kind: "kubernetes"; readonly mount: string; readonly role: string; readonly tokenFile: string }
  | { readonly kind: "jwt"; readonly mount: string; readonly role: string; readonly tokenFile: string }
  /** Presents the cluster's `tls.certFile`. */
  | { readonly kind: "cert"; readonly mount: string; readonly role?: string }
  | { readonly kind: "userpass"; readonly mount: string; readonly username: string; readonly passwordFile: string };

/** One place that signs: a role of a PKI mount of a cluster. */
export interface IssuerSpec {
  readonly name: string;
  readonly cluster: string;
  readonly mount: string;
  readonly role: string;
  /** `sign`: the key is made here. `issue`: the server makes it, only when asked for. */
  readonly method: "sign" | "issue";
  /** A named issuer of the mount (`pki/issuer/:ref/…`); absent: the mount's default. */
  readonly issuerRef?: string;
}
