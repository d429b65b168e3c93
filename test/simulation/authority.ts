import { createPublicKey, type KeyObject } from "node:crypto";
import {
  distinguishedName,
  extension,
  integer,
  publicKeyInfo,
  signatureOf,
  signed,
  time,
} from "../../src/dev/signed-der.ts";
import type { Names } from "../../src/domain/spec.ts";
import { DAY, type EpochMillis } from "../../src/domain/units.ts";
import { der, oid, sequence, TAG } from "../../src/domain/x509/der.ts";
import { toPem } from "../../src/domain/x509/pem.ts";
import { keyOf } from "./pooled-keys.ts";

export interface LeafOrder {
  readonly names: Names;
  readonly publicKey: KeyObject;
  readonly serial: number;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
}

/** Bits of KeyUsage: digitalSignature; keyCertSign and cRLSign. */
const LEAF_USAGE = extension("2.5.29.15", der(TAG.bitString, Buffer.from([7, 0b1000_0000])), true);
const CA_USAGE = extension("2.5.29.15", der(TAG.bitString, Buffer.from([1, 0b0000_0110])), true);
const IS_CA = extension("2.5.29.19", sequence(der(TAG.boolean, Buffer.from([0xff]))), true);
const BOTH_SIDES = extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")));
const VERSION_3 = der(0xa0, integer(Buffer.from([2])));

/**
 * A CA that signs a certificate in 50 µs and always in the same way: Ed25519 has no chance in its signatures, its key
 * comes from its name, and the parts that do not change are written once.
 */
export class Authority {
  readonly pem: string;
  readonly #key: KeyObject;
  readonly #name: Buffer;
  readonly #extensions = new WeakMap<Names, Buffer>();

  private constructor(name: string, signer?: Authority) {
    this.#key = keyOf(name);
    this.#name = distinguishedName(name);
    const from = Date.UTC(2025, 0, 1);
    this.pem = (signer ?? this).#sign({
      subject: this.#name,
      publicKey: createPublicKey(this.#key),
      serial: 1,
      notBefore: from,
      notAfter: from + 3650 * DAY,
      extensions: der(0xa3, sequence(CA_USAGE, IS_CA)),
    });
  }

  static root(name: string): Authority {
    return new Authority(name);
  }

  intermediate(name: string): Authority {
    return new Authority(name, this);
  }

  /** PEM of a leaf for servers and clients. */
  leaf(order: LeafOrder): string {
    let extensions = this.#extensions.get(order.names);
    if (extensions === undefined) {
      const { dns, uris } = order.names;
      const names = [
        ...dns.map((name) => der(0x82, Buffer.from(name))),
        ...uris.map((uri) => der(0x86, Buffer.from(uri))),
      ];
      extensions = der(0xa3, sequence(LEAF_USAGE, BOTH_SIDES, extension("2.5.29.17", sequence(...names))));
      this.#extensions.set(order.names, extensions);
    }
    return this.#sign({ ...order, subject: distinguishedName(order.names.commonName ?? ""), extensions });
  }

  #sign(body: Omit<LeafOrder, "names"> & { readonly subject: Buffer; readonly extensions: Buffer }): string {
    const serial = Buffer.alloc(8);
    serial.writeUInt32BE(0x4000_0000);
    serial.writeUInt32BE(body.serial, 4);
    const content = sequence(
      VERSION_3,
      integer(serial),
      signatureOf(this.#key).algorithm,
      this.#name,
      sequence(time(body.notBefore), time(body.notAfter)),
      body.subject,
      publicKeyInfo(body.publicKey),
      body.extensions,
    );
    return toPem("CERTIFICATE", signed(content, this.#key));
  }
}
