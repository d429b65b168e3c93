import { normaliseNames } from "../names.ts";
import type { Names } from "../spec.ts";
import type { EpochMillis } from "../units.ts";
import { type DerElement, DerError, DerReader, readOid, TAG } from "./der.ts";
import { decodeExtensions, type ExtensionFields } from "./extensions.ts";

/** What the DER of a certificate says (RFC 5280 §4.1), for `Certificate` to take up. */
export interface CertificateFields extends Omit<ExtensionFields, "alternativeNames"> {
  /** Lower-case hex. */
  readonly serial: string;
  /** DER of the distinguished names. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** As `Certificate` has it. */
  readonly keyAlgorithm: string;
  readonly names: Names;
  /** The hash of an RSASSA-PSS signature, such as `SHA256`; undefined for another kind of signature. */
  readonly pssHash: string | undefined;
}

/** Decodes the DER of one certificate; DerError when it is not well formed. */
export function decodeCertificate(bytes: Buffer): CertificateFields {
  const outer = new DerReader(bytes);
  const certificate = outer.into(TAG.sequence);
  outer.end();
  const tbs = certificate.into(TAG.sequence);
  tbs.optional(CONTEXT.version);
  const serial = tbs.next(TAG.integer).content;
  const algorithm = tbs.into(TAG.sequence);
  const issuer = tbs.next(TAG.sequence);
  const validity = tbs.into(TAG.sequence);
  const subject = tbs.next(TAG.sequence);
  const publicKey = tbs.next(TAG.sequence);
  tbs.optional(CONTEXT.issuerUniqueId);
  tbs.optional(CONTEXT.subjectUniqueId);
  const { alternativeNames, ...extensions } = decodeExtensions(tbs.optional(CONTEXT.extensions));
  const commonNames = readCommonNames(subject.content);
  const commonName = commonNames.at(-1);
  return {
    ...extensions,
    serial: serial.toString("hex").replace(/^00(?=.)/, ""),
    issuer: issuer.raw,
    subject: subject.raw,
    notBefore: readTime(validity.next()),
    notAfter: readTime(validity.next()),
    publicKey: publicKey.raw,
    keyAlgorithm: keyAlgorithmOf(publicKey.raw),
    names: {
      ...normaliseNames({ ...(commonName === undefined ? {} : { commonName }), ...alternativeNames }),
      ips: [...new Set(alternativeNames.ips)].sort(), // canonical already, and an IPv4-mapped one is to be seen
    },
    otherNames: extensions.otherNames + Math.max(0, commonNames.length - 1),
    pssHash: readPssHash(algorithm),
  };
}

/**
 * The algorithm of a key, from the DER of its SubjectPublicKeyInfo: as `KeyAlgorithm` names it, for others too
 * (`rsa-1024`), else the dotted OID of the curve or of the kind of key.
 */
export function keyAlgorithmOf(publicKey: Buffer): string {
  const info = new DerReader(publicKey).into(TAG.sequence);
  const algorithm = info.into(TAG.sequence);
  const kind = readOid(algorithm.next(TAG.oid).content);
  if (kind === RSA || kind === RSA_PSS) return `rsa-${rsaBits(info.next(TAG.bitString).content.subarray(1))}`;
  const id = kind === EC ? readOid(algorithm.next(TAG.oid).content) : kind;
  return KEY_ALGORITHMS.get(id) ?? id;
}

const CONTEXT = { version: 0xa0, issuerUniqueId: 0x81, subjectUniqueId: 0x82, extensions: 0xa3 } as const;
const COMMON_NAME = "2.5.4.3";
const EC = "1.2.840.10045.2.1";
const RSA = "1.2.840.113549.1.1.1";
const RSA_PSS = "1.2.840.113549.1.1.10";

const KEY_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["1.2.840.10045.3.1.7", "ec-p256"],
  ["1.3.132.0.34", "ec-p384"],
  ["1.3.132.0.35", "ec-p521"],
  ["1.3.101.112", "ed25519"],
]);

const HASHES: ReadonlyMap<string, string> = new Map([
  ["1.3.14.3.2.26", "SHA1"],
  ["2.16.840.1.101.3.4.2.1", "SHA256"],
  ["2.16.840.1.101.3.4.2.2", "SHA384"],
  ["2.16.840.1.101.3.4.2.3", "SHA512"],
]);

function readCommonNames(subject: Buffer): string[] {
  const found: string[] = [];
  const rdns = new DerReader(subject);
  while (rdns.more) {
    const attributes = rdns.into(TAG.set);
    while (attributes.more) {
      const attribute = attributes.into(TAG.sequence);
      if (readOid(attribute.next(TAG.oid).content) === COMMON_NAME) found.push(readText(attribute.next()));
    }
  }
  return found;
}

/** A DirectoryString (RFC 5280 §4.1.2.4) or the IA5String that old certificates have in its place. */
export function readText({ tag, content }: DerElement): string {
  if (tag === TAG.utf8String) return content.toString("utf8");
  if (tag === TAG.bmpString) return new TextDecoder("utf-16be").decode(content);
  if (tag === TAG.universalString) throw new DerError("a common name in UniversalString");
  return content.toString("latin1");
}

/** UTCTime (years 1950–2049) or GeneralizedTime, in UTC with seconds, as RFC 5280 §4.1.2.5 has them. */
function readTime({ tag, content }: DerElement): EpochMillis {
  const text = content.toString("latin1");
  const full = tag === TAG.utcTime ? (text < "5" ? "20" : "19") + text : text;
  const known = (tag === TAG.utcTime || tag === TAG.generalizedTime) && /^\d{14}Z$/.test(full);
  const date = `${full.slice(0, 4)}-${full.slice(4, 6)}-${full.slice(6, 8)}`;
  const time = Date.parse(`${date}T${full.slice(8, 10)}:${full.slice(10, 12)}:${full.slice(12)}`);
  if (!known || Number.isNaN(time)) throw new DerError("a date that is none");
  return time;
}

/** RSAPublicKey (RFC 8017 appendix A.1.1): SEQUENCE { modulus, exponent }. */
function rsaBits(key: Buffer): number {
  const modulus = new DerReader(key).into(TAG.sequence).next(TAG.integer).content.toString("hex").replace(/^0+/, "");
  const topDigit = Number.parseInt(modulus[0] ?? "0", 16);
  return modulus.length * 4 - (4 - topDigit.toString(2).length);
}

/** RSASSA-PSS-params (RFC 4055 §3.1): the hash is SHA-1 unless `[0]` names another. */
function readPssHash(algorithm: DerReader): string | undefined {
  if (readOid(algorithm.next(TAG.oid).content) !== RSA_PSS) return undefined;
  const hash = algorithm.into(TAG.sequence).optional(0xa0);
  if (hash === undefined) return "SHA1";
  const id = readOid(new DerReader(hash.content).into(TAG.sequence).next(TAG.oid).content);
  return HASHES.get(id) ?? id;
}
