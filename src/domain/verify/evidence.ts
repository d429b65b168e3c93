import type { Certificate } from "../certificate.ts";
import type { Walk } from "../chain.ts";
import type { LeafFacts } from "../leaf-facts.ts";
import type { CertificateRequest } from "../spec.ts";
import type { EpochMillis, Millis } from "../units.ts";

/** All that a verdict rests on: gathered before, so that the checks are pure. */
export interface Gathered {
  readonly leaf: Certificate;
  /** Where the signatures lead from the leaf, over the CAs of the reply and the roots known before it. */
  readonly walk: Walk;
  /** SHA-256 of the SubjectPublicKeyInfo of the key we hold, lower-case hex. */
  readonly privateKeyHash: string;
  readonly request: CertificateRequest;
  readonly now: EpochMillis;
  /** How far our clock may be behind the issuer's. */
  readonly skew: Millis;
  /** What must be left of the leaf's life. */
  readonly minimumLifetime: Millis;
  /** The leaf that the new one would replace, and whether the new one must live longer. */
  readonly replaces: { readonly current: LeafFacts; readonly mustGain: boolean } | undefined;
}
