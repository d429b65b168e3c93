import { hash } from "node:crypto";
import { getCACertificates } from "node:tls";
import { type Certificate, parseCertificate } from "../../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../../domain/errors.ts";
import type { TrustAnchors } from "../../domain/inspect/chain.ts";
import { type Finding, finding } from "../../domain/inspect/findings.ts";
import { type PemItem, readPemItems } from "../../domain/inspect/pem.ts";
import { keyAlgorithmOf } from "../../domain/x509/decode.ts";
import { keyPair } from "../../keys/key-pair.ts";
import { readFound } from "../../store/look-at.ts";

/** A private key as far as anybody may know it. */
export interface FoundKey {
  readonly file: string;
  /** Permission bits of its file. */
  readonly mode: number;
  readonly algorithm: string;
  /** SHA-256 of its SubjectPublicKeyInfo, lower-case hex. */
  readonly publicKeyHash: string;
}

/** What one file holds, and what is wrong with the file itself. */
export interface FoundSource {
  readonly name: string;
  readonly certificates: readonly Certificate[];
  readonly keys: readonly FoundKey[];
  readonly besides: readonly string[];
  readonly findings: readonly Finding[];
}

/** Reads one file; what cannot be read or parsed is a finding. `name` is how it is spoken of. */
export function readSource(path: string, name = path): FoundSource {
  try {
    const { bytes, mode } = readFound(path);
    return sourceOf(readPemItems(bytes), { name, mode });
  } catch (thrown) {
    const { message, hint } = toLeafdError(thrown);
    const remedy = hint === undefined ? {} : { remedy: hint };
    return { name, certificates: [], keys: [], besides: [], findings: [finding("unreadable", message, remedy)] };
  }
}

function sourceOf(items: readonly PemItem[], { name, mode }: { name: string; mode: number }): FoundSource {
  const keys: FoundKey[] = [];
  const findings: Finding[] = [];
  for (const item of items) {
    if (item.kind === "unreadable") findings.push(finding("unreadable", `${name}: ${item.message}`));
    if (item.kind !== "key") continue;
    if ((mode & OTHERS_MAY) !== 0)
      findings.push(finding("key_exposed", `the private key in ${name} is open to every user (mode ${octal(mode)})`));
    try {
      const { publicKey } = keyPair(item.pem);
      const publicKeyHash = hash("sha256", publicKey, "hex");
      keys.push({ file: name, mode, algorithm: keyAlgorithmOf(publicKey), publicKeyHash });
    } catch (thrown) {
      findings.push(finding("unreadable", `${name}: ${toLeafdError(thrown).message}`));
    }
  }
  return {
    name,
    keys,
    findings,
    certificates: items.flatMap((item) => (item.kind === "certificate" ? [item.certificate] : [])),
    besides: items.flatMap((item) => (item.kind === "other" ? [`${name} holds ${item.what}`] : [])),
  };
}

const OTHERS_MAY = 0o007;

/** Mode bits as `chmod` takes them: `0640`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** The anchors of a PEM file, all of them; LeafdError when it gives none. */
export function anchorsIn(file: string): TrustAnchors {
  const { certificates, findings } = readSource(file);
  const [problem] = findings;
  if (problem !== undefined) throw new LeafdError("bad_certificate", problem.message, { hint: problem.remedy });
  if (certificates.length === 0) throw new LeafdError("bad_certificate", `${file} holds no PEM certificate`);
  return { roots: certificates, source: file };
}

/** The roots that programs on this machine take when nobody says otherwise; one that leafd cannot parse is passed over. */
export function machineAnchors(): TrustAnchors {
  const roots = getCACertificates("system").flatMap((pem) => {
    try {
      return [parseCertificate(pem)];
    } catch {
      return [];
    }
  });
  return { roots, source: "the roots of this machine" };
}
