import { type Certificate, parseCertificate } from "../domain/certificate.ts";
import type { EpochMillis } from "../domain/units.ts";

/** A root that a mount showed, and when it last did. */
export interface KnownRoot {
  readonly certificate: Certificate;
  readonly lastSeen: EpochMillis;
}

/** As JSON; `recalled` reads it. */
export function remembered(roots: readonly KnownRoot[]): string {
  return JSON.stringify({
    version: 1,
    roots: roots.map((root) => ({ pem: root.certificate.pem, lastSeen: root.lastSeen })),
  });
}

/** A memory that does not parse is no memory: the mount is asked again. */
export function recalled(text: string | undefined): readonly KnownRoot[] {
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("roots" in parsed) || !Array.isArray(parsed.roots))
      return [];
    return parsed.roots.flatMap((root: unknown) => {
      if (typeof root !== "object" || root === null || !("pem" in root) || !("lastSeen" in root)) return [];
      if (typeof root.pem !== "string" || typeof root.lastSeen !== "number") return [];
      return [{ certificate: parseCertificate(root.pem), lastSeen: root.lastSeen }];
    });
  } catch {
    return [];
  }
}
