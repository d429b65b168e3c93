import { sign } from "node:crypto";
import { LeafdError } from "../domain/errors.ts";
import { ipToBytes } from "../domain/ip.ts";
import type { Names } from "../domain/spec.ts";
import { keyAlgorithmOf } from "../domain/x509/decode.ts";
import { bitString, der, oid, sequence, TAG } from "../domain/x509/der.ts";
import { toPem } from "../domain/x509/pem.ts";
import type { KeyPair } from "./key-pair.ts";

/**
 * A certificate signing request (RFC 2986) in PEM: the common name, when there is one, as the subject; all other
 * names as a subject alternative name extension request (RFC 2985 §5.4.2); signed by the key itself.
 * The names are taken as normalised and checked (domain/names.ts).
 */
export function certificateRequest(pair: KeyPair, names: Names): string {
  const info = sequence(VERSION, subject(names.commonName), pair.publicKey, attributes(names));
  const { algorithm, digest } = signatureOf(keyAlgorithmOf(pair.publicKey));
  return toPem("CERTIFICATE REQUEST", sequence(info, algorithm, bitString(sign(digest, info, pair.privateKey))));
}

const VERSION = der(TAG.integer, Buffer.from([0]));
const COMMON_NAME = oid("2.5.4.3");
const EXTENSION_REQUEST = oid("1.2.840.113549.1.9.14");
const SUBJECT_ALTERNATIVE_NAME = oid("2.5.29.17");
const NULL = der(0x05);

interface Signature {
  /** DER of the AlgorithmIdentifier. */
  readonly algorithm: Buffer;
  /** For node:crypto; null where the key's kind says it. */
  readonly digest: string | null;
}

/** The hash is as strong as the curve (RFC 5758 §3.2), SHA-256 for RSA (RFC 4055), built in for Ed25519 (RFC 8410). */
const SIGNATURES: ReadonlyMap<string, Signature> = new Map([
  ["ec-p256", { algorithm: sequence(oid("1.2.840.10045.4.3.2")), digest: "sha256" }],
  ["ec-p384", { algorithm: sequence(oid("1.2.840.10045.4.3.3")), digest: "sha384" }],
  ["ec-p521", { algorithm: sequence(oid("1.2.840.10045.4.3.4")), digest: "sha512" }],
  ["rsa", { algorithm: sequence(oid("1.2.840.113549.1.1.11"), NULL), digest: "sha256" }],
  ["ed25519", { algorithm: sequence(oid("1.3.101.112")), digest: null }],
]);

/** RSA of any size: a key that was brought along may have another one than those that are made here. */
function signatureOf(keyAlgorithm: string): Signature {
  const found = SIGNATURES.get(keyAlgorithm.replace(/^rsa-\d+$/, "rsa"));
  if (found !== undefined) return found;
  throw new LeafdError("pair_damaged", `the private key is of a kind that leafd does not use: ${keyAlgorithm}`);
}

function subject(commonName: string | undefined): Buffer {
  if (commonName === undefined) return sequence();
  const attribute = sequence(COMMON_NAME, der(TAG.utf8String, Buffer.from(commonName, "utf8")));
  return sequence(der(TAG.set, attribute));
}

function attributes(names: Names): Buffer {
  const alternatives = [
    ...names.dns.map((name) => der(GENERAL_NAME.dns, ascii(name))),
    ...names.ips.map((ip) => der(GENERAL_NAME.ip, ipToBytes(ip))),
    ...names.uris.map((uri) => der(GENERAL_NAME.uri, ascii(uri))),
    ...names.emails.map((email) => der(GENERAL_NAME.email, ascii(email))),
  ];
  if (alternatives.length === 0) return der(ATTRIBUTES);
  const extension = sequence(SUBJECT_ALTERNATIVE_NAME, der(TAG.octetString, sequence(...alternatives)));
  return der(ATTRIBUTES, sequence(EXTENSION_REQUEST, der(TAG.set, sequence(extension))));
}

/** `[0] IMPLICIT SET OF Attribute` of CertificationRequestInfo; it must be there even when it is empty. */
const ATTRIBUTES = 0xa0;
/** Context tags of GeneralName (RFC 5280 §4.2.1.6). */
const GENERAL_NAME = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const;

function ascii(name: string): Buffer {
  const bytes = Buffer.from(name, "latin1");
  if (bytes.every((byte) => byte < 0x80) && bytes.toString("latin1") === name) return bytes;
  throw new LeafdError(
    "config_invalid",
    `${JSON.stringify(name)} cannot be written into a certificate: it is not ASCII`,
  );
}
