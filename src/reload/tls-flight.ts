import { createDecipheriv, createHmac, type DecipherChaCha20Poly1305, type DecipherGCM } from "node:crypto";

/*
 * What a TLS server said in a handshake, from the bytes that it sent: Node shows a peer's chain only after it has put it
 * into order, and never says whether a client certificate was asked for. TLS 1.2 (RFC 5246) says it in plain text; for
 * TLS 1.3 (RFC 8446 §5, §7.3) the handshake's own secret, which Node tells in `keylog`, opens it.
 */

/** One handshake message. */
export interface HandshakeMessage {
  readonly type: number;
  readonly body: Buffer;
}

export interface Flight {
  readonly messages: readonly HandshakeMessage[];
  /** TLS 1.3 or later. */
  readonly encrypted: boolean;
}

export const MESSAGE = { serverHello: 2, certificate: 11, certificateRequest: 13, finished: 20 } as const;

const RECORD = { changeCipherSpec: 20, handshake: 22, applicationData: 23 } as const;
const HEADER_LENGTH = 5;
/** A server's flight with more messages than this is no flight. */
const MAX_MESSAGES = 64;

/**
 * The messages of the server's first flight, as far as they can be read: fewer when bytes are missing, are none of TLS,
 * or do not open. `secret` is SERVER_HANDSHAKE_TRAFFIC_SECRET; TLS 1.2 has none.
 */
export function readFlight(bytes: Buffer, secret: Buffer | undefined): Flight {
  const gathered: Buffer[] = [];
  let opener: Opener | undefined;
  for (const { type, header, payload } of records(bytes)) {
    if (type === RECORD.handshake) gathered.push(payload);
    else if (type === RECORD.applicationData && secret !== undefined) {
      opener ??= openerOf(secret, Buffer.concat(gathered));
      const inner = opener?.(header, payload);
      if (inner?.type !== RECORD.handshake) break; // after Finished the keys are others
      gathered.push(inner.content);
    } else if (type !== RECORD.changeCipherSpec || secret === undefined) break; // in TLS 1.2 all after it is sealed
  }
  return { messages: messagesOf(Buffer.concat(gathered)), encrypted: secret !== undefined };
}

function* records(bytes: Buffer): Generator<{ type: number; header: Buffer; payload: Buffer }> {
  for (let at = 0; at + HEADER_LENGTH <= bytes.length; ) {
    const from = at + HEADER_LENGTH;
    const end = from + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) return;
    yield { type: bytes.readUInt8(at), header: bytes.subarray(at, from), payload: bytes.subarray(from, end) };
    at = end;
  }
}

function messagesOf(bytes: Buffer): HandshakeMessage[] {
  const found: HandshakeMessage[] = [];
  for (let at = 0; at + 4 <= bytes.length && found.length < MAX_MESSAGES; ) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3);
    if (end > bytes.length) break;
    found.push({ type: bytes.readUInt8(at), body: bytes.subarray(at + 4, end) });
    at = end;
  }
  return found;
}

/** Opens the next record; undefined for one that does not open. */
type Opener = (header: Buffer, payload: Buffer) => { type: number; content: Buffer } | undefined;

const TAG_LENGTH = 16;
const IV_LENGTH = 12;
const WITH_TAG = { authTagLength: TAG_LENGTH };

interface Suite {
  readonly hash: string;
  readonly keyLength: number;
  decipher(key: Buffer, nonce: Buffer): DecipherGCM | DecipherChaCha20Poly1305;
}

/** The cipher suites of RFC 8446 §B.4 that OpenSSL offers. */
const SUITES: ReadonlyMap<number | undefined, Suite> = new Map<number, Suite>([
  [
    0x1301,
    { hash: "sha256", keyLength: 16, decipher: (key, nonce) => createDecipheriv("aes-128-gcm", key, nonce, WITH_TAG) },
  ],
  [
    0x1302,
    { hash: "sha384", keyLength: 32, decipher: (key, nonce) => createDecipheriv("aes-256-gcm", key, nonce, WITH_TAG) },
  ],
  [
    0x1303,
    {
      hash: "sha256",
      keyLength: 32,
      decipher: (key, nonce) => createDecipheriv("chacha20-poly1305", key, nonce, WITH_TAG),
    },
  ],
]);

function openerOf(secret: Buffer, hello: Buffer): Opener | undefined {
  const suite = SUITES.get(suiteOf(hello));
  if (suite === undefined) return undefined;
  const { hash, keyLength } = suite;
  const key = expandLabel(secret, hash, ["key", keyLength]);
  const iv = expandLabel(secret, hash, ["iv", IV_LENGTH]);
  let sequence = 0n;
  return (header, payload) => {
    const nonce = Buffer.from(iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ sequence++, 4);
    try {
      const tagAt = payload.length - TAG_LENGTH;
      const decipher = suite.decipher(key, nonce);
      decipher.setAAD(header, { plaintextLength: tagAt });
      decipher.setAuthTag(payload.subarray(tagAt));
      const inner = Buffer.concat([decipher.update(payload.subarray(0, tagAt)), decipher.final()]);
      const typeAt = inner.findLastIndex((byte) => byte !== 0);
      return { type: inner[typeAt] ?? 0, content: inner.subarray(0, Math.max(0, typeAt)) };
    } catch {
      return undefined;
    }
  };
}

/** The cipher suite of the last ServerHello (RFC 8446 §4.1.3): one before it is a HelloRetryRequest. */
function suiteOf(handshake: Buffer): number | undefined {
  const hello = messagesOf(handshake).findLast(({ type }) => type === MESSAGE.serverHello)?.body;
  const sessionLength = hello?.[34];
  if (hello === undefined || sessionLength === undefined || hello.length < 37 + sessionLength) return undefined;
  return hello.readUInt16BE(35 + sessionLength);
}

/** HKDF-Expand-Label (RFC 8446 §7.1) without a context, of at most one hash: all that keys and nonces need. */
function expandLabel(secret: Buffer, hash: string, [label, length]: readonly [string, number]): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.from([0, length, name.length, ...name, 0, 1]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
