import { bundlePem, contentHash } from "../domain/bundle.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import type { Work } from "./job.ts";

type Audited = Pick<Work, "spec" | "ports" | "authorities">;

/** True when the disk still holds what was published, and its trust bundle is still the one to publish. Never rejects. */
export async function isAsPublished(audited: Audited, current: LeafFacts): Promise<boolean> {
  const found = await audited.ports.store.inspect(audited.spec.output).catch(() => undefined);
  const isWhole = found?.kind === "pair" && found.manifest.generation === current.generation;
  return isWhole && !isBundleOutdated(audited, current);
}

/** Anchors that cannot be read now are no other anchors: the next rotation says what is wrong with them. */
function isBundleOutdated({ ports, authorities }: Audited, { trustHash }: LeafFacts): boolean {
  try {
    const known = ports.trust.known(authorities);
    return known.length > 0 && contentHash(bundlePem(known)) !== trustHash;
  } catch {
    return false;
  }
}
