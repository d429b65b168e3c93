import { type Flight, MESSAGE } from "./tls-flight.ts";

/** What a server showed and asked for, as it said it. */
export interface ServerSaid {
  /** DER, in the order in which they were sent. */
  readonly chain: readonly Buffer[];
  /** It asked for a client certificate: the DER of the names of the CAs that it takes, none when it takes any. */
  readonly asked: { readonly authorities: readonly Buffer[] } | undefined;
}

/** Reads Certificate and CertificateRequest (RFC 5246 §7.4, RFC 8446 §4.3.2 and §4.4.2); what is malformed is absent. */
export function serverSaid({ messages, encrypted }: Flight): ServerSaid {
  const find = (wanted: number) => messages.find(({ type }) => type === wanted)?.body;
  const request = find(MESSAGE.certificateRequest);
  return {
    chain: attempt(() => chainOf(new Fields(find(MESSAGE.certificate) ?? Buffer.alloc(0)), encrypted)) ?? [],
    asked: request && {
      authorities: attempt(() => authoritiesOf(new Fields(request), encrypted)) ?? [],
    },
  };
}

/** Reads the vectors of TLS: a length of 1 to 3 bytes, then that many bytes. RangeError where they end too early. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  number(size: 1 | 2 | 3): number {
    this.#at += size;
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  vector(lengthSize: 1 | 2 | 3): Buffer {
    const length = this.number(lengthSize);
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError("a vector that is longer than its message");
    return this.#bytes.subarray(from, this.#at);
  }
}

function chainOf(message: Fields, tls13: boolean): Buffer[] {
  if (!message.more) return [];
  if (tls13) message.vector(1); // the context, empty in a server's
  const list = new Fields(message.vector(3));
  const chain: Buffer[] = [];
  while (list.more) {
    chain.push(list.vector(3));
    if (tls13) list.vector(2); // extensions: a stapled OCSP answer
  }
  return chain;
}

const CERTIFICATE_AUTHORITIES = 47;

function authoritiesOf(message: Fields, tls13: boolean): Buffer[] {
  message.vector(1); // TLS 1.3: the context; TLS 1.2: the types of certificate
  if (!tls13) {
    message.vector(2); // signature algorithms
    return namesOf(message.vector(2));
  }
  const extensions = new Fields(message.vector(2));
  while (extensions.more) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type === CERTIFICATE_AUTHORITIES) return namesOf(new Fields(body).vector(2));
  }
  return [];
}

function namesOf(bytes: Buffer): Buffer[] {
  const list = new Fields(bytes);
  const names: Buffer[] = [];
  while (list.more) names.push(list.vector(2));
  return names;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
