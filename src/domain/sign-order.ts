import type { Secret } from "./secret.ts";
import type { KeyAlgorithm, Names } from "./spec.ts";
import type { EpochMillis, Millis } from "./units.ts";

/** What an issuer is asked for. */
export interface SignOrder {
  /** Absent for an issuer whose method is `issue`. */
  readonly csr?: string;
  readonly names: Names;
  readonly key: KeyAlgorithm;
  readonly ttl?: Millis;
  readonly notAfter?: EpochMillis;
}

/** What it answered, unparsed. */
export interface SignedReply {
  /** PEM blocks as the server sent them, unparsed. */
  readonly leaf: string;
  readonly chain: readonly string[];
  /** Only from `issue`: PEM, PKCS#8. */
  readonly privateKey?: Secret<string>;
  /** Vault's warnings, benign ones filtered out. */
  readonly warnings: readonly string[];
  /** The reply carried a lease: the end of the token will revoke the certificate. */
  readonly leased: boolean;
  /** When that token ends, unless it is renewed; absent: nobody knows, or never. */
  readonly tokenEnds?: EpochMillis;
  readonly receivedAt: EpochMillis;
}
