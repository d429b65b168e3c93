import { createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { ipToBytes } from "../domain/ip.ts";
import type { Names } from "../domain/spec.ts";
import type { EpochMillis } from "../domain/units.ts";
import { type CertificateFields, decodeCertificate } from "../domain/x509/decode.ts";
import { DerError, der, oid, sequence, TAG } from "../domain/x509/der.ts";
import { decodeBase64, pemBlocks, toPem } from "../domain/x509/pem.ts";
import { VaultError } from "./protocol.ts";
import {
  distinguishedName,
  extension,
  integer,
  keyIdentifier,
  publicKeyInfo,
  signatureOf,
  signed,
  time,
} from "./signed-der.ts";

/** A CA that signs: its certificate as it was read, and its key. */
export interface Authority {
  readonly fields: Pick<CertificateFields, "subject">;
  readonly key: KeyObject;
}

export interface CertificateOrder {
  readonly names: Names;
  /** The subject's key. */
  readonly publicKey: KeyObject;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly isCa: boolean;
  /** OIDs of extended key usages. */
  readonly usages: readonly string[];
}

/** An issued certificate. */
export interface Issued {
  /** Without a final newline, as Vault sends it. */
  readonly pem: string;
  /** `4f:e8:…` */
  readonly serial: string;
}

/** Bits of KeyUsage, first byte: digitalSignature, keyEncipherment and keyAgreement; keyCertSign and cRLSign. */
const LEAF_USAGE = Buffer.from([3, 0b1010_1000]);
const CA_USAGE = Buffer.from([1, 0b0000_0110]);

/** Signs a certificate (RFC 5280 §4.1). */
export function createCertificate(order: CertificateOrder, issuer: Authority): Issued {
  const serial = Buffer.concat([Buffer.from([0x10 + ((randomBytes(1)[0] ?? 0) % 0x60)]), randomBytes(19)]);
  const { commonName = "" } = order.names;
  const content = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    signatureOf(issuer.key).algorithm,
    issuer.fields.subject,
    sequence(time(order.notBefore), time(order.notAfter)),
    distinguishedName(commonName),
    publicKeyInfo(order.publicKey),
    der(0xa3, sequence(...extensions(order, issuer.key))),
  );
  return { pem: toPem("CERTIFICATE", signed(content, issuer.key)).trim(), serial: colons(serial.toString("hex")) };
}

/** A CA that signs itself. */
export function createRoot(order: Omit<CertificateOrder, "publicKey" | "isCa" | "usages">, key: KeyObject): Issued {
  const self = { fields: { subject: distinguishedName(order.names.commonName ?? "") }, key };
  return createCertificate({ ...order, publicKey: createPublicKey(key), isCa: true, usages: [] }, self);
}

interface CrlOrder {
  readonly number: number;
  readonly thisUpdate: EpochMillis;
  readonly nextUpdate: EpochMillis;
  readonly revoked: readonly { readonly serial: string; readonly at: EpochMillis }[];
}

/** Signs a certificate revocation list (RFC 5280 §5.1): DER. */
export function createCrl(order: CrlOrder, issuer: Authority): Buffer {
  const entries = order.revoked.map(({ serial, at }) =>
    sequence(integer(Buffer.from(serial.replaceAll(":", ""), "hex")), time(at)),
  );
  const identifier = extension("2.5.29.35", sequence(der(0x80, keyIdentifier(issuer.key))));
  const number = extension("2.5.29.20", integer(Buffer.from([order.number >> 8, order.number & 0xff])));
  const content = sequence(
    integer(Buffer.from([1])),
    signatureOf(issuer.key).algorithm,
    issuer.fields.subject,
    time(order.thisUpdate),
    time(order.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    der(0xa0, sequence(identifier, number)),
  );
  return signed(content, issuer.key);
}

/** A certificate request of a CA (RFC 2986): PEM. */
export function createRequest(commonName: string, key: KeyObject): string {
  const content = sequence(integer(Buffer.from([0])), distinguishedName(commonName), publicKeyInfo(key), der(0xa0));
  return toPem("CERTIFICATE REQUEST", signed(content, key)).trim();
}

/** The certificates of a PEM text; VaultError 400 when one does not parse. */
export function readCertificates(text: string): { readonly pem: string; readonly fields: CertificateFields }[] {
  return [...pemBlocks(text, "CERTIFICATE")].map((block) => {
    const bytes = decodeBase64(block ?? "");
    try {
      if (bytes === undefined) throw new DerError("not base64");
      return { pem: toPem("CERTIFICATE", bytes).trim(), fields: decodeCertificate(bytes) };
    } catch {
      throw new VaultError(400, "unable to parse certificate");
    }
  });
}

/** `4f:e8:…` from hex. */
export function colons(hex: string): string {
  return (hex.length % 2 === 0 ? hex : `0${hex}`).match(/../g)?.join(":") ?? "";
}

function extensions(order: CertificateOrder, issuerKey: KeyObject): Buffer[] {
  const usage = der(TAG.bitString, order.isCa ? CA_USAGE : LEAF_USAGE);
  const alternatives = alternativeNames(order.names);
  const isSanCritical = order.names.commonName === undefined;
  return [
    extension("2.5.29.15", usage, true),
    ...(order.isCa ? [extension("2.5.29.19", sequence(der(TAG.boolean, Buffer.from([0xff]))), true)] : []),
    ...(order.usages.length === 0 ? [] : [extension("2.5.29.37", sequence(...order.usages.map(oid)))]),
    extension("2.5.29.14", der(TAG.octetString, keyIdentifier(order.publicKey))),
    extension("2.5.29.35", sequence(der(0x80, keyIdentifier(issuerKey)))),
    ...(alternatives.length === 0 ? [] : [extension("2.5.29.17", sequence(...alternatives), isSanCritical)]),
  ];
}

function alternativeNames({ dns, emails, ips, uris }: Names): Buffer[] {
  return [
    ...dns.map((name) => der(0x82, Buffer.from(name))),
    ...emails.map((email) => der(0x81, Buffer.from(email))),
    ...ips.map((ip) => der(0x87, ipToBytes(ip))),
    ...uris.map((uri) => der(0x86, Buffer.from(uri))),
  ];
}
