import { ipFromBytes } from "../ip.ts";
import type { Names } from "../spec.ts";
import { type DerElement, DerError, DerReader, readOid, TAG } from "./der.ts";

/** What the extensions of a certificate say (RFC 5280 §4.2), as far as leafd asks. */
export interface ExtensionFields {
  /** Subject alternative names as they are written. */
  readonly alternativeNames: Omit<Names, "commonName">;
  /** Subject alternative names of kinds that are not read: how many. */
  readonly otherNames: number;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsages: ReadonlySet<string> | undefined;
  readonly extendedKeyUsages: ReadonlySet<string> | undefined;
}

/** Decodes the `[3]` element of a TBSCertificate, undefined for a certificate without extensions. */
export function decodeExtensions(element: DerElement | undefined): ExtensionFields {
  const extensions = readExtensions(element);
  return {
    ...readAlternativeNames(extensions.get("2.5.29.17")),
    ...readBasicConstraints(extensions.get("2.5.29.19")),
    keyUsages: readKeyUsages(extensions.get("2.5.29.15")),
    extendedKeyUsages: readExtendedKeyUsages(extensions.get("2.5.29.37")),
  };
}

/** In the order of their bits (RFC 5280 §4.2.1.3). */
const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
];

const EXTENDED_KEY_USAGES: ReadonlyMap<string, string> = new Map([
  ["1.3.6.1.5.5.7.3.1", "serverAuth"],
  ["1.3.6.1.5.5.7.3.2", "clientAuth"],
]);

/** OID → the DER inside the extension. */
function readExtensions(element: DerElement | undefined): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (element === undefined) return found;
  const list = new DerReader(element.content).into(TAG.sequence);
  while (list.more) {
    const extension = list.into(TAG.sequence);
    const id = readOid(extension.next(TAG.oid).content);
    extension.optional(TAG.boolean);
    if (found.has(id)) throw new DerError(`extension ${id} twice`);
    found.set(id, extension.next(TAG.octetString).content);
  }
  return found;
}

function readAlternativeNames(bytes: Buffer | undefined): Pick<ExtensionFields, "alternativeNames" | "otherNames"> {
  const dns: string[] = [];
  const ips: string[] = [];
  const uris: string[] = [];
  const emails: string[] = [];
  let others = 0;
  const list = bytes === undefined ? new DerReader(Buffer.alloc(0)) : new DerReader(bytes).into(TAG.sequence);
  while (list.more) {
    const { tag, content } = list.next();
    if (tag === 0x81) emails.push(content.toString("latin1"));
    else if (tag === 0x82) dns.push(content.toString("latin1"));
    else if (tag === 0x86) uris.push(content.toString("latin1"));
    else if (tag === 0x87) ips.push(readIp(content));
    else others++;
  }
  return { alternativeNames: { dns, ips, uris, emails }, otherNames: others };
}

function readIp(content: Buffer): string {
  const address = ipFromBytes(content);
  if (address === undefined) throw new DerError(`an IP address of ${content.length} bytes`);
  return address;
}

function readBasicConstraints(bytes: Buffer | undefined): Pick<ExtensionFields, "isCa" | "pathLength"> {
  if (bytes === undefined) return { isCa: false, pathLength: undefined };
  const constraints = new DerReader(bytes).into(TAG.sequence);
  const isCa = constraints.optional(TAG.boolean)?.content[0] === 0xff;
  const limit = constraints.optional(TAG.integer)?.content;
  return { isCa, pathLength: limit && Number(`0x${limit.toString("hex")}`) };
}

function readKeyUsages(bytes: Buffer | undefined): ReadonlySet<string> | undefined {
  if (bytes === undefined) return undefined;
  const bits = new DerReader(bytes).next(TAG.bitString).content.subarray(1);
  return new Set(KEY_USAGES.filter((_, bit) => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

function readExtendedKeyUsages(bytes: Buffer | undefined): ReadonlySet<string> | undefined {
  if (bytes === undefined) return undefined;
  const found = new Set<string>();
  const list = new DerReader(bytes).into(TAG.sequence);
  while (list.more) {
    const id = readOid(list.next(TAG.oid).content);
    found.add(EXTENDED_KEY_USAGES.get(id) ?? id);
  }
  return found;
}
