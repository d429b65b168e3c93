import type { ServiceState } from "../state.ts";
import type { DaemonStatus, IssuerStatus } from "../status.ts";
import type { EpochMillis } from "../units.ts";

type Pairs = Pick<ServiceState, "current" | "reserve">;

/** When the CA of each issuer ends that one of these services has a leaf from, by the issuer's name: the newest leaf says. */
export function issuingCaEnds(states: readonly Pairs[]): ReadonlyMap<string, Pick<IssuerStatus, "caNotAfter">> {
  const newest = new Map<string, { readonly receivedAt: EpochMillis; readonly caNotAfter: EpochMillis }>();
  for (const leaf of states.flatMap(({ current, reserve }) => [current, reserve])) {
    if (leaf?.caNotAfter === undefined) continue;
    const { issuer, receivedAt, caNotAfter } = leaf;
    if ((newest.get(issuer)?.receivedAt ?? receivedAt) <= receivedAt) newest.set(issuer, { receivedAt, caNotAfter });
  }
  return new Map([...newest].map(([issuer, { caNotAfter }]) => [issuer, { caNotAfter }]));
}

/** When the first certificate ends in the trust bundles that these services publish. */
export function trustEnd(states: readonly Pairs[]): Pick<DaemonStatus, "trustNotAfter"> {
  const ends = states.map(({ current }) => current?.trustNotAfter).filter((end) => end !== undefined);
  return ends.length === 0 ? {} : { trustNotAfter: ends.reduce((first, end) => Math.min(first, end)) };
}
