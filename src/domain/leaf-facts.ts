import type { Certificate } from "./certificate.ts";
import type { Manifest, RungName } from "./manifest.ts";
import type { EpochMillis } from "./units.ts";

/** A certificate that is on disk, as the state and the events speak of it. No secrets, no PEM. */
export interface LeafFacts {
  readonly serial: string;
  readonly fingerprint: string;
  readonly generation: string;
  /** The configured name of the issuer that signed it. */
  readonly issuer: string;
  readonly rung: RungName;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly receivedAt: EpochMillis;
  /** When renewal first comes due. */
  readonly due: EpochMillis;
  readonly requestHash: string;
  readonly deliveryHash: string;
  /** SHA-256 of the published `ca.crt`: tells whether the trust bundle has changed since. */
  readonly trustHash: string;
  /** When the first CA ends between the leaf and the root that it was proved by, that root included. */
  readonly caNotAfter?: EpochMillis;
  /** When the first certificate of the published `ca.crt` ends; absent of a pair that is not published. */
  readonly trustNotAfter?: EpochMillis;
}

/** What state and events say of a pair that was written. */
export function leafFacts(
  manifest: Manifest,
  leaf: Certificate,
  ends: { readonly [End in "caNotAfter" | "trustNotAfter"]?: EpochMillis | undefined },
): LeafFacts {
  const { serial, fingerprint, generation, issuer, rung, receivedAt, firstDue, requestHash, deliveryHash } = manifest;
  const { notBefore, notAfter } = leaf;
  const trustHash = manifest.files["ca.crt"] ?? "";
  return {
    serial,
    fingerprint,
    generation,
    issuer,
    rung,
    notBefore,
    notAfter,
    receivedAt,
    due: firstDue,
    requestHash,
    deliveryHash,
    trustHash,
    ...(ends.caNotAfter !== undefined && { caNotAfter: ends.caNotAfter }),
    ...(ends.trustNotAfter !== undefined && { trustNotAfter: ends.trustNotAfter }),
  };
}
