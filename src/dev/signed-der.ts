import { createPublicKey, hash, type KeyObject, sign } from "node:crypto";
import { bitString, der, oid, sequence, TAG } from "../domain/x509/der.ts";
import { keyKind } from "./key-pairs.ts";

/*
 * The parts that certificates, requests and revocation lists share (RFC 5280, RFC 2986).
 */

interface Signature {
  /** DER of the AlgorithmIdentifier. */
  readonly algorithm: Buffer;
  /** Null where the key's kind says it. */
  readonly digest: string | null;
}

const ECDSA_SHA256: Signature = { algorithm: sequence(oid("1.2.840.10045.4.3.2")), digest: "sha256" };
const ECDSA: Readonly<Record<number, Signature>> = {
  384: { algorithm: sequence(oid("1.2.840.10045.4.3.3")), digest: "sha384" },
  521: { algorithm: sequence(oid("1.2.840.10045.4.3.4")), digest: "sha512" },
};
const RSA: Signature = { algorithm: sequence(oid("1.2.840.113549.1.1.11"), der(0x05)), digest: "sha256" };
const ED25519: Signature = { algorithm: sequence(oid("1.3.101.112")), digest: null };

/** How this key signs. */
export function signatureOf(key: KeyObject): Signature {
  const { type, bits } = keyKind(key);
  if (type === "ec") return ECDSA[bits] ?? ECDSA_SHA256;
  return type === "rsa" ? RSA : ED25519;
}

/** `SEQUENCE { content, algorithm, signature }`: the outer form of all three. */
export function signed(content: Buffer, key: KeyObject): Buffer {
  const { algorithm, digest } = signatureOf(key);
  return sequence(content, algorithm, bitString(sign(digest, content, key)));
}

/** A distinguished name of a common name alone; the empty one without it. */
export function distinguishedName(commonName: string): Buffer {
  if (commonName === "") return sequence();
  return sequence(der(TAG.set, sequence(oid("2.5.4.3"), der(TAG.utf8String, Buffer.from(commonName)))));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
export function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, "");
  return digits < "2050"
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits));
}

/** A non-negative INTEGER from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const minimal = bytes.subarray(
    Math.max(
      0,
      bytes.findIndex((byte) => byte !== 0),
    ),
  );
  const isNegative = ((minimal[0] ?? 0) & 0x80) !== 0;
  return der(TAG.integer, isNegative ? Buffer.from([0]) : Buffer.alloc(0), minimal);
}

/** An Extension (RFC 5280 §4.1.2.9) with this OID and the DER of its value. */
export function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, der(TAG.octetString, value));
}

const publicKeyInfos = new WeakMap<KeyObject, Buffer>();

/** DER of the SubjectPublicKeyInfo of a key, private or public. Exporting costs as much as signing, so it is kept. */
export function publicKeyInfo(key: KeyObject): Buffer {
  const known = publicKeyInfos.get(key);
  if (known !== undefined) return known;
  const info = (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "der" });
  publicKeyInfos.set(key, info);
  return info;
}

/** SHA-1 of the key, as RFC 5280 §4.2.1.2 has it: a name for the key, not a protection. */
export function keyIdentifier(key: KeyObject): Buffer {
  return hash("sha1", publicKeyInfo(key), "buffer");
}
