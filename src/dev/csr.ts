import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Names } from "../domain/spec.ts";
import { DerError, DerReader, readOid, TAG } from "../domain/x509/der.ts";
import { decodeExtensions } from "../domain/x509/extensions.ts";
import { decodeBase64, pemBlocks } from "../domain/x509/pem.ts";
import { VaultError } from "./protocol.ts";

/** What a certificate request asks for (RFC 2986); its signature holds. */
export interface CertificateRequest {
  readonly names: Names;
  readonly publicKey: KeyObject;
}

const COMMON_NAME = "2.5.4.3";
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

/** Signature algorithm → digest for node:crypto. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.3.101.112": null,
};

/** Reads a request from PEM; VaultError 400, in the real server's words, when it is none or does not verify. */
export function readRequest(pem: string): CertificateRequest {
  if (pem === "") throw new VaultError(400, '"csr" is empty');
  const [block] = [...pemBlocks(pem, "CERTIFICATE REQUEST"), ...pemBlocks(pem, "NEW CERTIFICATE REQUEST")];
  const bytes = decodeBase64(block ?? "");
  if (bytes === undefined) throw new VaultError(400, "csr contains no data");
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof VaultError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new VaultError(400, `certificate request could not be parsed: ${why}`);
  }
}

function decode(bytes: Buffer): CertificateRequest {
  const outer = new DerReader(bytes).into(TAG.sequence);
  const info = outer.next(TAG.sequence);
  const digest = DIGESTS[readOid(outer.into(TAG.sequence).next(TAG.oid).content)];
  const signature = outer.next(TAG.bitString).content.subarray(1);
  const content = new DerReader(info.content);
  content.next(TAG.integer);
  const commonName = readCommonName(content.into(TAG.sequence));
  const publicKey = createPublicKey({ key: content.next(TAG.sequence).raw, format: "der", type: "spki" });
  if (digest === undefined) throw new DerError("an unknown signature algorithm");
  if (!verify(digest, info.raw, publicKey, signature)) throw new VaultError(400, "request signature invalid");
  const attributes = content.optional(0xa0);
  const alternatives = readAlternatives(new DerReader(attributes?.content ?? Buffer.alloc(0)));
  return { publicKey, names: { ...alternatives, ...(commonName === undefined ? {} : { commonName }) } };
}

function readCommonName(subject: DerReader): string | undefined {
  let found: string | undefined;
  while (subject.more) {
    const attribute = subject.into(TAG.set).into(TAG.sequence);
    if (readOid(attribute.next(TAG.oid).content) === COMMON_NAME) found = attribute.next().content.toString();
  }
  return found;
}

function readAlternatives(attributes: DerReader): Omit<Names, "commonName"> {
  while (attributes.more) {
    const attribute = attributes.into(TAG.sequence);
    if (readOid(attribute.next(TAG.oid).content) === EXTENSION_REQUEST)
      return decodeExtensions(attribute.next(TAG.set)).alternativeNames;
  }
  return { dns: [], ips: [], uris: [], emails: [] };
}
