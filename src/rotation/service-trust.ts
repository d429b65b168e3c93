import type { Certificate } from "../domain/certificate.ts";
import { distinct } from "./known-roots.ts";
import type { SharedTrust, Trust } from "./ports.ts";

/**
 * The trust of one service: what all of them share and, as long as nothing is known of one of its issuers, the bundle
 * that it has published. A new state directory while a cluster is away knows the roots of those who answer only: without
 * the bundle, the pairs below the others would be issued anew, and their roots be taken from peers that need them.
 */
export function serviceTrust(shared: SharedTrust): Trust {
  let published: readonly Certificate[] = [];
  const filled = (known: readonly Certificate[], isLacking: boolean): readonly Certificate[] => {
    if (known.length === 0 || !isLacking) return known;
    return distinct([...known, ...published]);
  };
  return {
    known: (issuers) => filled(shared.known(issuers), shared.lacks(issuers)),
    anchored: (issuer, anchor, until) => shared.anchored(issuer, anchor, until),
    bundle: async (issuers, signer, signal) =>
      filled(await shared.bundle(issuers, signer, signal), shared.lacks(issuers)),
    outdated: (issuer) => shared.outdated(issuer),
    published: (roots) => {
      published = roots;
    },
  };
}
