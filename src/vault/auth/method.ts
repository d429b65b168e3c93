import type { AuthSpec, ClusterSpec } from "../../domain/cluster-spec.ts";
import type { Clock, Emit } from "../../rotation/ports.ts";
import type { VaultApi } from "../api.ts";
import type { Grant } from "../replies.ts";
import type { TlsMaterial } from "../tls-material.ts";

/**
 * One way to get a token. Files are read anew at every login. To add a method: a variant of `AuthSpec`, a file here
 * that exports a function from that variant and `AuthTools` to an `AuthMethod`, and a case in select.ts.
 */
export interface AuthMethod {
  readonly kind: AuthSpec["kind"];
  /** True when a login hands out a token that was there before: logging in again extends nothing. */
  readonly fixed: boolean;
  /**
   * Rejects with `credential_missing`, `login_denied`, `wrap_consumed`, `wrap_mismatch`, `token_invalid`, or a reason
   * of "reaching the issuer".
   */
  login(signal: AbortSignal): Promise<Grant>;
  /**
   * What a login now would rest on, as a digest: another value means that a new login is due. Undefined when it cannot
   * be told just now, which means nothing. Cheap; called often.
   */
  fingerprint?(): string | undefined;
  /**
   * For a method whose login may use up a one-time credential: proves what can be proved without doing so, and says
   * what in one clause.
   */
  inspect?(signal: AbortSignal): Promise<string>;
}

/** What a method may use. */
export interface AuthTools {
  readonly cluster: ClusterSpec;
  readonly api: VaultApi;
  readonly tls: TlsMaterial;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The variant of `AuthSpec` of one method. */
export type SpecOf<K extends AuthSpec["kind"]> = Extract<AuthSpec, { readonly kind: K }>;
