import { readText } from "./decode.ts";
import { DerReader, readOid, TAG } from "./der.ts";

const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["0.9.2342.19200300.100.1.25", "DC"],
]);

/** A distinguished name (RFC 5280 §4.1.2.4) for people, from its DER: `O=Example, CN=Root`. DerError when it is none. */
export function formatName(bytes: Buffer): string {
  const parts: string[] = [];
  const rdns = new DerReader(bytes).into(TAG.sequence);
  while (rdns.more) {
    const attributes = rdns.into(TAG.set);
    while (attributes.more) {
      const attribute = attributes.into(TAG.sequence);
      const id = readOid(attribute.next(TAG.oid).content);
      parts.push(`${ATTRIBUTES.get(id) ?? id}=${readText(attribute.next())}`);
    }
  }
  return parts.join(", ");
}
