import type { Certificate } from "./certificate.ts";
import { type EpochMillis, formatTime, type Millis } from "./units.ts";

/** Where the signatures lead from a leaf. */
export type Walk =
  | {
      readonly kind: "anchored";
      /** The CAs from the leaf's signer up to the anchor, each the signer of the one before. */
      readonly path: readonly Certificate[];
      /** The last of the path. */
      readonly anchor: Certificate;
      /** Further CAs that signed something on the way: cross-signed ones, the upper part above an anchor. */
      readonly others: readonly Certificate[];
    }
  /** A self-signed certificate that is no anchor. */
  | { readonly kind: "untrusted"; readonly root: Certificate }
  /** A certificate whose signer is not there; `namesake`: a CA of its name is, with another key. */
  | { readonly kind: "broken"; readonly at: Certificate; readonly namesake: boolean };

interface Surroundings {
  /** CAs in any order, with strangers and roots among them. */
  readonly chain: readonly Certificate[];
  /** The trust anchors. */
  readonly roots: readonly Certificate[];
  readonly now: EpochMillis;
  /** How far the clock may be off. */
  readonly skew: Millis;
}

/**
 * Follows the signatures from the leaf to an anchor, the shortest way, over CAs that are good where there is such a
 * way. A self-signed anchor goes before an intermediate that the operator named as one.
 */
export function walkChain(leaf: Certificate, { chain, roots, now, skew }: Surroundings): Walk {
  const known = new Map([...chain, ...roots].map((ca) => [ca.fingerprint, ca]));
  const all = [...known.values()];
  const anchors = new Set(roots.map((root) => root.fingerprint));
  const good = climb(leaf, { pool: all.filter((ca) => caProblem(ca, now, skew) === undefined), anchors });
  return good.kind === "anchored" ? good : climb(leaf, { pool: all, anchors });
}

/** When the first CA on the way from the leaf to the anchor ends, the anchor included; undefined when none is reached. */
export function chainEnd(walk: Walk): EpochMillis | undefined {
  return walk.kind === "anchored" ? earliestEnd(walk.path) : undefined;
}

/** When the first of these certificates ends; undefined when there are none. */
export function earliestEnd(certificates: readonly Certificate[]): EpochMillis | undefined {
  return certificates.length === 0 ? undefined : Math.min(...certificates.map(({ notAfter }) => notAfter));
}

/** What keeps a certificate from signing others now, for people; undefined when nothing does. */
export function caProblem(ca: Certificate, now: EpochMillis, skew: Millis): string | undefined {
  if (!ca.isCa) return "is no CA";
  if (ca.keyUsages?.has("keyCertSign") === false) return "is a CA that may not sign certificates (key usage)";
  if (ca.notAfter <= now) return `ended at ${formatTime(ca.notAfter)}; it is ${formatTime(now)} here`;
  if (ca.notBefore > now + skew) return `is valid from ${formatTime(ca.notBefore)}; it is ${formatTime(now)} here`;
  return undefined;
}

interface Climb {
  readonly pool: readonly Certificate[];
  /** Fingerprints. */
  readonly anchors: ReadonlySet<string>;
}

function climb(leaf: Certificate, { pool, anchors }: Climb): Walk {
  // Breadth first: `reached` grows while it is read, and what a CA was first seen to sign is on the shortest way.
  const reached = [leaf];
  const signed = new Map<Certificate, Certificate>();
  for (const certificate of reached) {
    for (const ca of pool) {
      if (signed.has(ca) || !certificate.issuedBy(ca)) continue;
      signed.set(ca, certificate);
      reached.push(ca);
    }
  }
  const ends = reached.filter((ca) => anchors.has(ca.fingerprint));
  const anchor = ends.find((ca) => ca.selfSigned) ?? ends[0];
  if (anchor !== undefined) {
    const path = [anchor];
    for (let below = signed.get(anchor); below && below !== leaf; below = signed.get(below)) path.unshift(below);
    return { kind: "anchored", path, anchor, others: reached.slice(1).filter((ca) => !path.includes(ca)) };
  }
  const root = reached.find((certificate) => certificate.selfSigned);
  if (root !== undefined) return { kind: "untrusted", root };
  const at = reached.at(-1) ?? leaf;
  return { kind: "broken", at, namesake: pool.some((ca) => ca.subject === at.issuer) };
}
