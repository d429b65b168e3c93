import { bundlePem, contentHash } from "../domain/bundle.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import type { Job } from "./job.ts";

type Audited = Pick<Job, "spec" | "ports" | "authorities">;

/** True when the disk still holds what was published, and its trust bundle is still the one to publish. Never rejects. */
export async function isAsPublished(job: Audited, current: LeafFacts): Promise<boolean> {
  const found = await job.ports.store.inspect(job.spec.output).catch(() => undefined);
  const isWhole = found?.kind === "pair" && found.manifest.generation === current.generation;
  return isWhole && !isBundleOutdated(job, current);
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
