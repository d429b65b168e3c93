import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { VaultError } from "./protocol.ts";

export type KeyType = "rsa" | "ec" | "ed25519";

const CURVES: Readonly<Record<number, string>> = { 256: "P-256", 384: "P-384", 521: "P-521" };
const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** A private key. `bits` 0: 2048 for RSA, 256 for EC. */
export function generateKey(type: string, bits: number): KeyObject {
  if (type === "rsa") return generateKeyPairSync("rsa", { modulusLength: bits || 2048 }).privateKey;
  if (type === "ed25519") return generateKeyPairSync("ed25519").privateKey;
  const namedCurve = CURVES[bits || 256];
  if (type !== "ec" || namedCurve === undefined) throw new VaultError(400, `unknown key type ${type}`);
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

/** The kind and size of a key, public or private; VaultError 400 for one that Vault does not take. */
export function keyKind(key: KeyObject): { type: KeyType; bits: number } {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "rsa") return { type, bits: details.modulusLength ?? 0 };
  if (type === "ec") return { type, bits: CURVE_BITS[details.namedCurve ?? ""] ?? 0 };
  if (type === "ed25519") return { type, bits: 0 };
  throw new VaultError(400, `unsupported key type ${String(type)}`);
}

/** PEM as Vault sends it: the key type's own form, or PKCS#8 when that is asked for (and always for Ed25519). */
export function privateKeyPem(key: KeyObject, format: string): string {
  const { type } = keyKind(key);
  if (format === "pkcs8" || type === "ed25519") return key.export({ type: "pkcs8", format: "pem" }).toString().trim();
  return key
    .export({ type: type === "ec" ? "sec1" : "pkcs1", format: "pem" })
    .toString()
    .trim();
}
