import { hash } from "node:crypto";
import type { Certificate } from "./certificate.ts";

/** The content of `ca.crt` for these anchors: in a fixed order, so that the same set always gives the same bytes. */
export function bundlePem(roots: readonly Certificate[]): string {
  const byFingerprint = new Map(roots.map((root) => [root.fingerprint, root.pem]));
  return [...byFingerprint.keys()]
    .sort()
    .map((fingerprint) => byFingerprint.get(fingerprint))
    .join("");
}

/** SHA-256 of a file's text, lower-case hex: what the manifest keeps of each file. */
export function contentHash(text: string): string {
  return hash("sha256", text, "hex");
}
