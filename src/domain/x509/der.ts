/*
 * The part of DER (X.690, the encoding of X.509 and PKCS) that certificates and requests need: one-byte tags and
 * definite, minimal lengths. The reader takes hostile input: it never recurses and never reads past its bytes.
 */

/** ASN.1 tags, constructed bit included. Context tags are written where they are used (`0xa0` is `[0]`). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  teletexString: 0x14,
  universalString: 0x1c,
  bmpString: 0x1e,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Bytes that are not the DER that was expected. Whoever reads turns it into a LeafdError that names the source. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** One element: its tag, its content, and the whole of it with tag and length. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** Reads the elements of one level, in order: the calls read like the ASN.1 of the structure. */
export class DerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** True while elements are left. */
  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** The next element. DerError when there is none, its tag is another one, or its length does not fit. */
  next(tag?: number): DerElement {
    const start = this.#at;
    const found = this.#byte(start);
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${hex(found)} where ${hex(tag)} belongs`);
    if ((found & 0x1f) === 0x1f) throw new DerError("a tag of several bytes");
    const { length, from } = this.#length(start + 1);
    const end = from + length;
    if (end > this.#bytes.length) throw new DerError("an element that is longer than what holds it");
    this.#at = end;
    return { tag: found, content: this.#bytes.subarray(from, end), raw: this.#bytes.subarray(start, end) };
  }

  /** The next element when it has this tag; else nothing is read. */
  optional(tag: number): DerElement | undefined {
    return this.more && this.#bytes[this.#at] === tag ? this.next() : undefined;
  }

  /** A reader over the content of the next element. */
  into(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** DerError when something is left. */
  end(): void {
    if (this.more) throw new DerError("trailing bytes");
  }

  #byte(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw new DerError("it ends too early");
    return byte;
  }

  #length(at: number): { length: number; from: number } {
    const first = this.#byte(at);
    if (first < 0x80) return { length: first, from: at + 1 };
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError("an indefinite or absurd length");
    let length = 0;
    for (let i = 1; i <= count; i++) length = length * 256 + this.#byte(at + i);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError("a length that is not minimal");
    return { length, from: at + 1 + count };
  }
}

/** Writes one element around its parts. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthBytes = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8);
  const element = Buffer.allocUnsafe(2 + lengthBytes + length);
  element[0] = tag;
  if (lengthBytes === 0) {
    element[1] = length;
  } else {
    element[1] = 0x80 + lengthBytes;
    element.writeUIntBE(length, 2, lengthBytes);
  }
  let at = 2 + lengthBytes;
  for (const part of parts) {
    element.set(part, at);
    at += part.length;
  }
  return element;
}

/** A SEQUENCE of elements that are DER already. */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...parts);
}

/** A BIT STRING of whole bytes: a public key, a signature. */
export function bitString(bytes: Uint8Array): Buffer {
  return der(TAG.bitString, NO_UNUSED_BITS, bytes);
}

/** An OBJECT IDENTIFIER from its dotted form, such as `2.5.4.3`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128);
    return groups;
  });
  return der(TAG.oid, Buffer.from(bytes));
}

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function readOid(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError("an object identifier that is too large");
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first, ...rest] = arcs;
  if (first === undefined || (content.at(-1) ?? 0) >= 0x80) throw new DerError("an object identifier that is cut off");
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

const NO_UNUSED_BITS = Buffer.from([0]);

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, "0")}`;
}
