import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { bitString, der, oid, sequence, TAG } from "../../src/domain/der.ts";
import { toPem } from "../../src/domain/pem.ts";

export interface LeafOptions {
  readonly uris?: readonly string[];
  readonly dns?: readonly string[];
  /** Milliseconds from now; default a minute ago and an hour ahead. */
  readonly from?: number;
  readonly until?: number;
  readonly isCa?: boolean;
}

/** PEM: a key and its certificate, signed by the authority. */
interface Leaf {
  readonly key: string;
  readonly certificate: string;
}

export interface SvidAuthority {
  /** The self-signed root, PEM. */
  readonly root: string;
  leaf(options: LeafOptions): Leaf;
}

/** A throw-away root (P-256) that signs whatever it is asked for, in this process and at any time of validity. */
export function svidAuthority(name = "Test Root"): SvidAuthority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const hours = 3_600_000;
  const root = certificate(
    { issuer: name, subject: name, publicKey: keys.publicKey, from: -24 * hours, until: 24 * hours, isCa: true },
    keys.privateKey,
  );
  return {
    root,
    leaf({ from = -60_000, until = hours, ...rest }) {
      const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const body = { issuer: name, subject: "leaf", publicKey: own.publicKey, from, until, ...rest };
      const key = own.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      return { key, certificate: certificate(body, keys.privateKey) };
    },
  };
}

type Body = LeafOptions & {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly from: number;
  readonly until: number;
};

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const TRUE = der(TAG.boolean, Buffer.from([0xff]));

function certificate(body: Body, signer: KeyObject): string {
  const serial = Buffer.concat([Buffer.from([0x4c]), randomBytes(9)]);
  const tbs = sequence(
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    ECDSA_SHA256,
    distinguishedName(body.issuer),
    sequence(time(body.from), time(body.until)),
    distinguishedName(body.subject),
    body.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(body))),
  );
  return toPem("CERTIFICATE", sequence(tbs, ECDSA_SHA256, bitString(sign("sha256", tbs, signer))));
}

function extensions({ uris = [], dns = [], isCa = false }: Body): Buffer[] {
  const names = [...uris.map((uri) => der(0x86, Buffer.from(uri))), ...dns.map((name) => der(0x82, Buffer.from(name)))];
  const constraints = extension("2.5.29.19", sequence(...(isCa ? [TRUE] : [])));
  return names.length === 0 ? [constraints] : [constraints, extension("2.5.29.17", sequence(...names))];
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(TAG.octetString, value));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(TAG.set, sequence(oid("2.5.4.3"), der(TAG.utf8String, Buffer.from(commonName)))));
}

function time(offset: number): Buffer {
  const digits = new Date(Date.now() + offset).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(TAG.utcTime, Buffer.from(digits.slice(2)));
}
