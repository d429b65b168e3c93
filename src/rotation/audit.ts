import { bundlePem, contentHash } from "../domain/bundle.ts";
import type { LeafFacts } from "../domain/events.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { Ports } from "./job.ts";
import type { Issuer, Trust } from "./ports.ts";

interface Audit {
  readonly output: OutputSpec;
  readonly issuer: Issuer;
  readonly ports: Pick<Ports, "store" | "trust">;
  readonly current: LeafFacts;
}

/** True when the disk still holds what was published, and its trust bundle is still the one to publish. Never rejects. */
export async function isAsPublished({ output, issuer, ports, current }: Audit): Promise<boolean> {
  const found = await ports.store.inspect(output).catch(() => undefined);
  const isWhole = found?.kind === "pair" && found.manifest.generation === current.generation;
  return isWhole && !isBundleOutdated(ports.trust, issuer, current);
}

/** Anchors that cannot be read now are no other anchors: the next rotation says what is wrong with them. */
function isBundleOutdated(trust: Trust, issuer: Issuer, { trustHash }: LeafFacts): boolean {
  try {
    const known = trust.known(issuer);
    return known.length > 0 && contentHash(bundlePem(known)) !== trustHash;
  } catch {
    return false;
  }
}
