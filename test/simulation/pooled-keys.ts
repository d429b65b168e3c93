import { createPrivateKey, createPublicKey, hash, type KeyObject } from "node:crypto";
import { publicKeyInfo } from "../../src/dev/signed-der.ts";
import { LeafdError } from "../../src/domain/errors.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { Keys } from "../../src/rotation/ports.ts";

/** PKCS#8 of an Ed25519 key, up to its 32 bytes (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** The Ed25519 key of a label: the same in every run, and so are its signatures. */
export function keyOf(label: string): KeyObject {
  const der = Buffer.concat([PKCS8_HEAD, hash("sha256", label, "buffer")]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

interface PooledKey {
  readonly pem: string;
  readonly publicKey: KeyObject;
  readonly publicKeyHash: string;
}

/** Enough that neighbours in time never share one. */
const POOL_SIZE = 64;

const pool: readonly PooledKey[] = Array.from({ length: POOL_SIZE }, (_, index) => {
  const key = keyOf(`leaf ${index}`);
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  return { pem, publicKey: createPublicKey(key), publicKeyHash: hash("sha256", publicKeyInfo(key), "hex") };
});
const byPem = new Map(pool.map((key) => [key.pem, key]));
const byHash = new Map(pool.map((key) => [key.publicKeyHash, key]));

/** The hash of a key's public half; undefined for what is not one of these keys. */
export function hashOfKey(pem: string): string | undefined {
  return byPem.get(pem)?.publicKeyHash;
}

/** The public key that a request of `pooledKeys` is for. */
export function keyOfRequest(request: string): KeyObject {
  const found = byHash.get(request);
  if (found === undefined) throw new Error("not a request of a pooled key");
  return found.publicKey;
}

/** The request of any key of the pool. */
export function hashOfRequest(index: number): string {
  return pool[index % POOL_SIZE]?.publicKeyHash ?? "";
}

/** Keys that are taken in turns from a pool; a request is the hash of its key, because nobody on the way reads more. */
export function pooledKeys(): Keys {
  let taken = 0;
  const publicKeyHash = (secret: Secret<string>): string => {
    const found = hashOfKey(secret.reveal());
    if (found === undefined) throw new LeafdError("pair_damaged", "the private key does not parse");
    return found;
  };
  return {
    generate: () => new Secret(pool[taken++ % POOL_SIZE]?.pem ?? ""),
    request: publicKeyHash,
    publicKeyHash,
  };
}
