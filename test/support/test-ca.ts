import { generateKeyPairSync, hash, type KeyObject } from "node:crypto";
import { type Certificate, parseCertificate } from "../../src/domain/certificate.ts";
import { Secret } from "../../src/domain/secret.ts";
import { DAY, HOUR, MINUTE } from "../../src/domain/units.ts";
import { type Body, type Signer, signCertificate } from "./x509-library.ts";

/*
 * A certificate authority for tests, built on a library that leafd itself does not use. It signs whatever it is asked
 * for: expired, not a CA, SHA-1, two names too many.
 *
 *     const root = await TestCa.root({ name: "Root" });
 *     const issuing = await root.intermediate({ name: "Issuing" });
 *     const leaf = await issuing.leaf({ dns: ["payments.svc"] });
 *     leaf.certificate.issuedBy(issuing.certificate); // true
 */

const KEY_KINDS = {
  "ec-p256": { name: "ECDSA", namedCurve: "P-256" },
  "ec-p384": { name: "ECDSA", namedCurve: "P-384" },
  "ec-p521": { name: "ECDSA", namedCurve: "P-521" },
  "rsa-1024": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", bits: 1024 },
  "rsa-2048": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", bits: 2048 },
  ed25519: { name: "Ed25519" },
} as const;
type KeyKind = keyof typeof KEY_KINDS;

export interface CaOptions extends Partial<Omit<Body, "subject" | "publicKey">> {
  /** The common name. */
  readonly name?: string;
  readonly key?: KeyKind;
}

export interface LeafOptions extends Partial<Omit<Body, "subject">> {
  readonly commonName?: string;
  readonly key?: KeyKind;
}

export interface TestLeaf {
  readonly certificate: Certificate;
  /** PKCS#8 PEM; of an unrelated key when `publicKey` was given. */
  readonly privateKey: Secret<string>;
  readonly publicKeyHash: string;
}

export class TestCa {
  readonly certificate: Certificate;
  readonly privateKey: Secret<string>;
  readonly #signer: Signer;

  private constructor(certificate: string, privateKey: Secret<string>, signer: Signer) {
    this.certificate = parseCertificate(certificate);
    this.privateKey = privateKey;
    this.#signer = signer;
  }

  /** Self-signed, ten years. */
  static async root({ name = "Test Root", key, ...options }: CaOptions = {}): Promise<TestCa> {
    const { pem, ...keys } = newKeys(key);
    const signer = { name, ...keys };
    const body = { subject: name, publicKey: keys.publicKey, ...caDefaults(10), ...options };
    return new TestCa(await signCertificate(signer, body), new Secret(pem), signer);
  }

  /** A CA below this one, one year. Where the root is kept away from what is tested, it is an offline root. */
  async intermediate({ name = "Test CA", key, ...options }: CaOptions = {}): Promise<TestCa> {
    const { pem, ...keys } = newKeys(key);
    const body = { subject: name, publicKey: keys.publicKey, ...caDefaults(1), ...options };
    return new TestCa(await signCertificate(this.#signer, body), new Secret(pem), { name, ...keys });
  }

  /** Another certificate for the name and key of `other`, signed by this one: what that signed then chains to both. */
  async crossSign(other: TestCa, options: Partial<Body> = {}): Promise<TestCa> {
    const { name, publicKey } = other.#signer;
    const body = { subject: name, publicKey, ...caDefaults(1), ...options };
    return new TestCa(await signCertificate(this.#signer, body), other.privateKey, other.#signer);
  }

  /** From a minute ago, for an hour, for TLS servers and clients, of a new key unless one is given. */
  async leaf({ key, commonName, ...options }: LeafOptions = {}): Promise<TestLeaf> {
    const { pem, publicKey } = newKeys(key);
    const body = { subject: commonName, publicKey, ...leafDefaults(), ...options };
    const certificate = parseCertificate(await signCertificate(this.#signer, body));
    return { certificate, privateKey: new Secret(pem), publicKeyHash: hash("sha256", body.publicKey, "hex") };
  }
}

function caDefaults(years: number): Omit<Body, "subject" | "publicKey"> {
  const now = Date.now();
  const keyUsages = ["keyCertSign", "cRLSign"] as const;
  return { isCa: true, keyUsages, notBefore: now - DAY, notAfter: now + years * 365 * DAY };
}

function leafDefaults(): Omit<Body, "subject" | "publicKey"> {
  const now = Date.now();
  const usages = ["server", "client"] as const;
  return { usages, keyUsages: ["digitalSignature"], notBefore: now - MINUTE, notAfter: now + HOUR };
}

interface Keys extends Omit<Signer, "name"> {
  /** PKCS#8. */
  readonly pem: string;
}

function newKeys(kind: KeyKind = "ec-p256"): Keys {
  const { privateKey, publicKey } = generate(kind);
  return {
    privateKey: privateKey.toCryptoKey(KEY_KINDS[kind], true, ["sign"]),
    publicKey: publicKey.export({ type: "spki", format: "der" }),
    pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function generate(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  const parameters = KEY_KINDS[kind];
  if ("namedCurve" in parameters) return generateKeyPairSync("ec", { namedCurve: parameters.namedCurve });
  if ("bits" in parameters) return generateKeyPairSync("rsa", { modulusLength: parameters.bits });
  return generateKeyPairSync("ed25519");
}
