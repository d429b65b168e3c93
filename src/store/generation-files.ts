import { hash } from "node:crypto";
import type { ManifestFacts, PairMaterial } from "../domain/inspection.ts";
import type { Manifest } from "../domain/manifest.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { CERTIFICATE, COMBINED, KEY, TRUST } from "./names.ts";

/** One file of a generation before it is written. */
export interface FileContent {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** The files that this layout publishes, key first: if anything is refused, it is the key's access. */
export function publishedFiles(output: OutputSpec, material: PairMaterial): readonly FileContent[] {
  const { modes, layout } = output;
  const key = endingWithNewline(material.privateKey.reveal());
  const certificate = endingWithNewline(material.certificate);
  const files = [
    { name: KEY, bytes: Buffer.from(key), mode: modes.key },
    { name: CERTIFICATE, bytes: Buffer.from(certificate), mode: modes.cert },
    { name: TRUST, bytes: Buffer.from(material.trust), mode: modes.cert },
  ];
  if (layout === "bundle") files.push({ name: COMBINED, bytes: Buffer.from(key + certificate), mode: modes.key });
  return files;
}

/** The manifest that seals these files. */
export function manifestOf(facts: ManifestFacts, generation: string, files: readonly FileContent[]): Manifest {
  return {
    version: 1,
    ...facts,
    generation,
    files: Object.fromEntries(files.map(({ name, bytes }) => [name, hash("sha256", bytes)])),
  };
}

/** PEM blocks that are joined must not share a line. */
function endingWithNewline(pem: string): string {
  return pem.endsWith("\n") ? pem : `${pem}\n`;
}
