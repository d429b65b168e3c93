import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { LeafdError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type { KeyAlgorithm } from "../domain/spec.ts";
import { DerReader, sequence, TAG } from "../domain/x509/der.ts";
import { decodeBase64, pemBlocks } from "../domain/x509/pem.ts";

/** A private key as OpenSSL holds it, with the public half that requests and hashes need. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
}

/**
 * Pairs by the secret that holds their PEM: a key that was made here is signed with and hashed without being parsed
 * again. An entry goes with its secret.
 */
const pairs = new WeakMap<Secret<string>, KeyPair>();

/**
 * Makes a key and gives its PKCS#8 PEM. Synchronously: on a busy machine the thread pool costs more than it frees,
 * except for RSA, which blocks for 20 ms (2048 bits) to a second (4096).
 */
export function generateKey(algorithm: KeyAlgorithm): Secret<string> {
  const privateKey = generate(algorithm);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const secret = new Secret(pem);
  pairs.set(secret, { privateKey, publicKey: publicKeyOf(privateKey, pem) });
  return secret;
}

/** The pair of a private key in PEM; LeafdError `pair_damaged`, which never quotes it, when it does not parse. */
export function keyPair(secret: Secret<string>): KeyPair {
  const known = pairs.get(secret);
  if (known !== undefined) return known;
  try {
    const privateKey = createPrivateKey(secret.reveal());
    const pair = { privateKey, publicKey: exportPublicKey(privateKey) };
    pairs.set(secret, pair);
    return pair;
  } catch {
    throw new LeafdError("pair_damaged", "the private key does not parse: it must be unencrypted PEM (PKCS#8)");
  }
}

function generate(algorithm: KeyAlgorithm): KeyObject {
  switch (algorithm) {
    case "ec-p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    case "ec-p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    case "ec-p521":
      return generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey;
    case "rsa-2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    case "rsa-3072":
      return generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey;
    case "rsa-4096":
      return generateKeyPairSync("rsa", { modulusLength: 4096 }).privateKey;
    case "ed25519":
      return generateKeyPairSync("ed25519").privateKey;
    default:
      return algorithm satisfies never;
  }
}

/**
 * Reads the public half of an EC key out of the PKCS#8 text that was just exported (RFC 5208, RFC 5915), because
 * exporting it costs as much as generating and signing together.
 */
function publicKeyOf(privateKey: KeyObject, pem: string): Buffer {
  if (privateKey.asymmetricKeyType !== "ec") return exportPublicKey(privateKey);
  const [block] = pemBlocks(pem, "PRIVATE KEY");
  const pkcs8 = new DerReader(decodeBase64(block ?? "") ?? Buffer.alloc(0)).into(TAG.sequence);
  pkcs8.next(TAG.integer);
  const algorithm = pkcs8.next(TAG.sequence).raw;
  const ecPrivateKey = new DerReader(pkcs8.next(TAG.octetString).content).into(TAG.sequence);
  ecPrivateKey.next(TAG.integer);
  ecPrivateKey.next(TAG.octetString);
  return sequence(algorithm, ecPrivateKey.next(0xa1).content);
}

function exportPublicKey(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: "spki", format: "der" });
}
