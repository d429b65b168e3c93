import type { Certificate } from "../certificate.ts";
import { type Walk, walkChain } from "../chain.ts";
import { type EpochMillis, MINUTE } from "../units.ts";
import { quote, subjectOf } from "../verify/check-rules.ts";
import { type Finding, finding } from "./findings.ts";

/** Certificates that belong together, and what they are held against. */
export interface ShownChain {
  /** As they stand in the file, or as the server sent them. */
  readonly certificates: readonly Certificate[];
  /** CAs that lie beside: they mend nothing, and say where the missing one is. */
  readonly nearby: readonly Certificate[];
  readonly trust: TrustAnchors;
  readonly now: EpochMillis;
}

export interface TrustAnchors {
  readonly roots: readonly Certificate[];
  /** Where they come from, for people: `ca.crt`, `the roots of this machine`. */
  readonly source: string;
}

export type Role = "leaf" | "intermediate" | "root" | "unneeded";

/** One certificate of an answer. */
export interface Ranked {
  readonly role: Role;
  readonly certificate: Certificate;
  /** It was shown; false for an anchor that was only known. */
  readonly shown: boolean;
}

/** Where the signatures lead, with the CAs on the way up whether or not anybody trusts the last one. */
export interface Climbed {
  readonly walk: Walk;
  readonly path: readonly Certificate[];
}

/** How far clocks may be apart, as in verification. */
export const SKEW = MINUTE;

/** Follows the signatures. Where they end at nothing that is trusted, the path is the one to that end. */
export function climbed(leaf: Certificate, { certificates, trust, now }: ShownChain): Climbed {
  const walk = walkChain(leaf, { chain: certificates, roots: trust.roots, now, skew: SKEW });
  if (walk.kind === "anchored") return { walk, path: walk.path };
  const end = walk.kind === "untrusted" ? walk.root : walk.at;
  if (end.fingerprint === leaf.fingerprint) return { walk, path: [] };
  const partial = walkChain(leaf, { chain: certificates, roots: [end], now, skew: SKEW });
  return { walk, path: partial.kind === "anchored" ? partial.path : [] };
}

/** What each certificate is here: those of the way up in its order, then those that nothing needs. */
export function ranked(leaf: Certificate, { path }: Climbed, shown: readonly Certificate[]): readonly Ranked[] {
  const wasShown = new Set(shown.map(({ fingerprint }) => fingerprint));
  const used = new Set([leaf, ...path].map(({ fingerprint }) => fingerprint));
  const rest = shown.filter(({ fingerprint }) => !used.has(fingerprint));
  return [
    { role: "leaf", certificate: leaf, shown: true },
    ...path.map((certificate) => ({
      role: certificate.selfSigned ? ("root" as const) : ("intermediate" as const),
      certificate,
      shown: wasShown.has(certificate.fingerprint),
    })),
    ...rest.map((certificate) => ({ role: "unneeded" as const, certificate, shown: true })),
  ];
}

/** Whether the signatures lead to somebody who is known. */
export function trustFindings(leaf: Certificate, { walk }: Climbed, shown: ShownChain): readonly Finding[] {
  switch (walk.kind) {
    case "anchored":
      return [];
    case "untrusted":
      return walk.root.fingerprint === leaf.fingerprint
        ? [finding("self_signed", `${subjectOf(leaf)} is signed by its own key and by no CA`)]
        : [
            finding(
              "chain_untrusted",
              `the chain ends at ${subjectOf(walk.root)}, which is not in ${shown.trust.source}`,
            ),
          ];
    case "broken":
      return [brokenFinding(leaf, walk, shown)];
    default:
      return walk satisfies never;
  }
}

function brokenFinding(leaf: Certificate, { at, namesake }: Walk & { kind: "broken" }, shown: ShownChain): Finding {
  const { certificates, nearby, trust } = shown;
  const signer = quote(at.issuer);
  const among = `the certificates here and ${trust.source}`;
  if (nearby.length > 0) {
    const whole = climbed(leaf, { ...shown, certificates: [...certificates, ...nearby] });
    if (whole.walk.kind === "anchored")
      return finding("chain_broken", `the intermediate ${signer} is missing here; it lies in a file beside`, {
        severity: "warning",
        remedy: "Right for a server that takes the chain from a file of its own; any other needs both in one file.",
      });
  }
  const why = namesake ? `the CA of that name in ${among} has another key` : `it is not among ${among}`;
  return finding("chain_broken", `${subjectOf(at)} is signed by ${signer}: ${why}`);
}

/** Certificates that stand in the wrong place, or that nobody needs. */
export function orderFindings(leaf: Certificate, { path, walk }: Climbed, shown: readonly Certificate[]): Finding[] {
  const places = path.map((ca) => shown.findIndex(({ fingerprint }) => fingerprint === ca.fingerprint));
  const inFile = places.filter((place) => place !== -1);
  const others = walk.kind === "anchored" ? walk.others : [];
  const wanted = new Set([leaf, ...path, ...others].map(({ fingerprint }) => fingerprint));
  const [first] = shown;
  const found: Finding[] = [];
  if (first !== undefined && first.fingerprint !== leaf.fingerprint)
    found.push(finding("chain_disordered", `${subjectOf(first)} comes first; servers take the first for their own`));
  else if (inFile.some((place, i) => place < (inFile[i - 1] ?? 0)))
    found.push(
      finding("chain_disordered", "the intermediates are not in the order of their signatures", {
        severity: "warning",
      }),
    );
  for (const [at, certificate] of shown.entries()) {
    const { fingerprint, selfSigned } = certificate;
    if (fingerprint === leaf.fingerprint && at === shown.indexOf(leaf)) continue;
    if (selfSigned) found.push(finding("root_sent", `the root ${subjectOf(certificate)} stands in the chain`));
    else if (!wanted.has(fingerprint))
      found.push(finding("certificate_unneeded", `${subjectOf(certificate)} is no part of the chain`));
    else if (shown.findIndex((other) => other.fingerprint === fingerprint) !== at)
      found.push(finding("certificate_unneeded", `${subjectOf(certificate)} stands in the chain twice`));
  }
  return found;
}
