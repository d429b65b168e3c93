import { hash, randomBytes, type webcrypto } from "node:crypto";
import "./reflect-metadata.ts";
import * as x509 from "@peculiar/x509";
import type { Names, Usage } from "../../src/domain/spec.ts";
import type { EpochMillis } from "../../src/domain/units.ts";

/*
 * Certificates written, and signing requests read, by a library that leafd itself does not use.
 */

/** What to certify. The names are not checked, and nothing is added. */
export interface Body extends Omit<Partial<Names>, "commonName"> {
  /** The common name; undefined for an empty subject. */
  readonly subject: string | undefined;
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  /** Hex; default random. */
  readonly serial?: string;
  /** The hash of the signature; default SHA-256. */
  readonly digest?: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** False leaves the extension out. */
  readonly keyUsages?: readonly (keyof typeof x509.KeyUsageFlags)[] | false;
  /** Extended key usages; empty leaves the extension out. */
  readonly usages?: readonly Usage[];
  /** Distinguished names to add as SANs of a kind that leafd does not know, such as `CN=x`. */
  readonly directoryNames?: readonly string[];
}

export interface Signer {
  /** Its common name. */
  readonly name: string;
  readonly privateKey: webcrypto.CryptoKey;
  /** DER of its SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
}

/** Signs a certificate: PEM. */
export async function signCertificate(signer: Signer, body: Body): Promise<string> {
  const publicKey = new x509.PublicKey(body.publicKey);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: body.serial ?? `4c${randomBytes(9).toString("hex")}`,
    subject: body.subject === undefined ? [] : [{ CN: [body.subject] }],
    issuer: [{ CN: [signer.name] }],
    notBefore: new Date(body.notBefore),
    notAfter: new Date(body.notAfter),
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { ...signer.privateKey.algorithm, hash: body.digest ?? "SHA-256" },
    extensions: [
      ...extensions(body),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(new x509.PublicKey(signer.publicKey)),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

export interface ReadRequest {
  readonly verified: boolean;
  readonly names: Names;
  readonly publicKeyHash: string;
  /** DER of the SubjectPublicKeyInfo: what a `TestCa` signs when it is given as `publicKey`. */
  readonly publicKey: Buffer;
}

/** What the library reads in a signing request, with the signature verified. */
export async function readRequest(pem: string): Promise<ReadRequest> {
  const request = new x509.Pkcs10CertificateRequest(pem);
  const extension = request.extensions.find((found) => found instanceof x509.SubjectAlternativeNameExtension);
  const sans = extension?.names.items ?? [];
  const values = (type: x509.GeneralNameType): string[] =>
    sans.filter((san) => san.type === type).map((san) => san.value);
  const [commonName] = request.subjectName.getField("CN");
  return {
    verified: await request.verify(),
    names: {
      ...(commonName === undefined ? {} : { commonName }),
      dns: values("dns"),
      ips: values("ip"),
      uris: values("url"),
      emails: values("email"),
    },
    publicKeyHash: hash("sha256", Buffer.from(request.publicKey.rawData), "hex"),
    publicKey: Buffer.from(request.publicKey.rawData),
  };
}

function extensions(body: Body): x509.Extension[] {
  const { keyUsages, usages = [], isCa = false, pathLength } = body;
  const names: x509.JsonGeneralNames = [
    ...(body.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(body.ips ?? []).map((value) => ({ type: "ip" as const, value })),
    ...(body.uris ?? []).map((value) => ({ type: "url" as const, value })),
    ...(body.emails ?? []).map((value) => ({ type: "email" as const, value })),
    ...(body.directoryNames ?? []).map((value) => ({ type: "dn" as const, value })),
  ];
  const flags = (keyUsages || []).reduce((all, usage) => all | x509.KeyUsageFlags[usage], 0);
  const purposes = usages.map((usage) => x509.ExtendedKeyUsage[usage === "server" ? "serverAuth" : "clientAuth"]);
  return [
    new x509.BasicConstraintsExtension(isCa, pathLength, true),
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the library combines flags of an enum
    ...(keyUsages ? [new x509.KeyUsagesExtension(flags, true)] : []),
    ...(purposes.length > 0 ? [new x509.ExtendedKeyUsageExtension(purposes)] : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, body.subject === undefined)] : []),
  ];
}
