import { isIPv4, isIPv6 } from "node:net";

/**
 * The one spelling of an IP address: dotted quad, or IPv6 as RFC 5952 writes it. An IPv4-mapped address
 * (`::ffff:10.0.0.1`) is the IPv4 address it means, as every PKI signs it. Undefined when the text is no address,
 * has leading zeros (octal to some readers) or a zone.
 */
export function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const bytes = ipv6Bytes(compress(text));
  return isMapped(bytes) ? bytes.subarray(12).join(".") : compress(text);
}

/** The 4 or 16 bytes of a canonical address, as a certificate holds it (RFC 5280 §4.2.1.6). */
export function ipToBytes(address: string): Buffer {
  return isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address);
}

/**
 * The text of a certificate's 4 or 16 bytes, undefined for any other number of them. An IPv4-mapped address stays
 * one (`::ffff:10.0.0.1`): TLS clients compare bytes and would not take it for `10.0.0.1`.
 */
export function ipFromBytes(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return undefined;
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join(".")}`;
  return compress(bytes.toString("hex").match(/.{4}/g)?.join(":") ?? "");
}

/** The URL standard serialises IPv6 hosts as RFC 5952 does: lower case, the first longest run of zeros as `::`. */
function compress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** From the compressed form, which has no dotted quad. */
function ipv6Bytes(compressed: string): Buffer {
  const [head = [], tail = []] = compressed.split("::").map((side) => side.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function isMapped(bytes: Buffer): boolean {
  return bytes.length === 16 && bytes.readUInt16BE(10) === 0xffff && bytes.subarray(0, 10).every((byte) => byte === 0);
}
