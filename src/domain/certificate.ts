import type { Names } from "./spec.ts";
import type { EpochMillis } from "./units.ts";

/** An X.509 certificate (RFC 5280), parsed: what leafd asks of one, and nothing else. */
export interface Certificate {
  /** One PEM block, LF line ends, a final newline. */
  readonly pem: string;
  /** Lower-case hex, without separators. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** Subject common name and subject alternative names, normalised as `Names` are. */
  readonly names: Names;
  /** SANs of other kinds (otherName, directoryName, …): how many. */
  readonly otherNames: number;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly isCa: boolean;
  /** RFC 5280 names: `digitalSignature`, `keyCertSign`, …; undefined when the extension is absent. */
  readonly keyUsages: ReadonlySet<string> | undefined;
  /** `serverAuth`, `clientAuth`, else the dotted OID; undefined when the extension is absent. */
  readonly extendedKeyUsages: ReadonlySet<string> | undefined;
  /** As OpenSSL names it: `ecdsa-with-SHA256`, `sha256WithRSAEncryption`, `ED25519`. */
  readonly signatureAlgorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo DER, lower-case hex: equal for two certificates of one key. */
  readonly publicKeyHash: string;
  /** Signed by its own key. */
  readonly selfSigned: boolean;
  /** True when `ca` signed this certificate, by the signature, not by names. */
  issuedBy(ca: Certificate): boolean;
}
