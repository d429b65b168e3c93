import { type Certificate, parseCertificate } from "../domain/certificate.ts";
import type { EpochMillis } from "../domain/units.ts";
import type { Clock, Emit, Issuer, TrustMemory } from "./ports.ts";

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

interface Recalling {
  readonly memory: TrustMemory;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What is remembered of an issuer, also by a later leafd. What cannot be understood is none, and said: the mount is asked again. */
export function recalled(
  { identity, name }: Pick<Issuer, "identity" | "name">,
  { memory, clock, emit }: Recalling,
): readonly KnownRoot[] {
  const text = memory.recall(identity);
  const roots = text === undefined ? [] : parse(text);
  if (roots !== undefined) return roots;
  const message = "the roots that were known of it are damaged in the state directory, and forgotten";
  const hint = "Nothing to do: its mount is asked again. With newRoot: hold, see which roots it shows now.";
  emit({ kind: "warning", at: clock.now(), subject: `issuer ${name}`, reason: "io_error", message, hint });
  return [];
}

function parse(text: string): readonly KnownRoot[] | undefined {
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

/** Each certificate once. */
export function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])).values()];
}

export function sameRoots(a: readonly KnownRoot[], b: readonly KnownRoot[]): boolean {
  const fingerprints = new Set(a.map((root) => root.certificate.fingerprint));
  return a.length === b.length && b.every((root) => fingerprints.has(root.certificate.fingerprint));
}
