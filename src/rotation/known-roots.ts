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

/** What a memory holds, also one of a later leafd; undefined when it cannot be understood. */
export function recalled(text: string): readonly KnownRoot[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("roots" in parsed) || !Array.isArray(parsed.roots))
      return undefined;
    return parsed.roots.flatMap((root: unknown) => {
      if (typeof root !== "object" || root === null || !("pem" in root) || !("lastSeen" in root)) return [];
      if (typeof root.pem !== "string" || typeof root.lastSeen !== "number") return [];
      return [{ certificate: parseCertificate(root.pem), lastSeen: root.lastSeen }];
    });
  } catch {
    return undefined;
  }
}
