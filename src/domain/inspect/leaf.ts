import type { Certificate } from "../certificate.ts";
import type { CertificateRequest, Usage } from "../spec.ts";
import { type EpochMillis, formatDuration, formatTime } from "../units.ts";
import { nowIs, subjectOf } from "../verify/check-rules.ts";
import { CHECKS } from "../verify/checks.ts";
import {
  type Climbed,
  climbed,
  orderFindings,
  type Ranked,
  ranked,
  type ShownChain,
  SKEW,
  trustFindings,
} from "./chain.ts";
import { type Finding, finding, isFindingCode } from "./findings.ts";
import { nameFindings } from "./names.ts";

export interface LeafEvidence extends ShownChain {
  /** SHA-256 of the SubjectPublicKeyInfo of the private key that lies with it, lower-case hex. */
  readonly publicKeyHash?: string;
  /** A server showed it, so that its first certificate is its leaf whatever it is. */
  readonly served: boolean;
  /** What peers look for in it. */
  readonly names: readonly string[];
  /** What was asked of the issuer, where a configuration says so. */
  readonly request?: CertificateRequest;
  /** `now` is this machine's clock, and not a moment that somebody named. */
  readonly byClock: boolean;
}

export interface LeafVerdict {
  /** Undefined: only CAs, a bundle. */
  readonly leaf: Certificate | undefined;
  readonly certificates: readonly Ranked[];
  /** What the signatures end at, when that is trusted. */
  readonly anchor: Certificate | undefined;
  readonly findings: readonly Finding[];
}

/** More than any peer takes; each costs signature checks. */
export const MAX_CHAIN = 32;

/** Judges certificates that belong together: the rules of verification that have a meaning without an issuance, and more. */
export function inspectLeaf(evidence: LeafEvidence): LeafVerdict {
  const { certificates } = evidence;
  const leaf = leafOf(evidence);
  if (leaf === undefined) return bundle(evidence);
  if (certificates.length > MAX_CHAIN) {
    const message = `${certificates.length} certificates stand in one chain; the limit is ${MAX_CHAIN}`;
    return { leaf, certificates: [], anchor: undefined, findings: [finding("unreadable", message)] };
  }
  const climb = climbed(leaf, evidence);
  const { walk } = climb;
  return {
    leaf,
    certificates: ranked(leaf, climb, certificates),
    anchor: walk.kind === "anchored" ? walk.anchor : undefined,
    findings: [
      ...ruleFindings(leaf, climb, evidence),
      ...trustFindings(leaf, climb, evidence),
      ...orderFindings(leaf, climb, certificates),
      ...nameFindings(leaf, evidence.names),
      ...lifeFindings(leaf, climb, evidence),
    ],
  };
}

/** The certificate of the key, else the first that is no CA; a server's first one in any case. */
function leafOf({ certificates, publicKeyHash, served, names }: LeafEvidence): Certificate | undefined {
  const [first] = certificates;
  if (served) return first;
  const ofKey = certificates.find((certificate) => certificate.publicKeyHash === publicKeyHash);
  const someLeaf = certificates.find(({ isCa }) => !isCa);
  return ofKey ?? someLeaf ?? (publicKeyHash === undefined && names.length === 0 ? undefined : first);
}

/** CAs only: each for itself, nothing above or below. */
function bundle({ certificates, now }: LeafEvidence): LeafVerdict {
  const ended = certificates.filter(({ notAfter }) => notAfter <= now);
  return {
    leaf: undefined,
    anchor: undefined,
    certificates: certificates.map((certificate) => ({
      role: certificate.selfSigned ? "root" : "intermediate",
      certificate,
      shown: true,
    })),
    findings: ended.map((ca) =>
      finding("ca_invalid", `${subjectOf(ca)} ended at ${formatTime(ca.notAfter)}; ${nowIs(now)}`, {
        severity: "warning",
        remedy: "Take it out of the bundle, once nothing chains to it any more.",
      }),
    ),
  };
}

/** Names that nobody asked for are judged only where somebody did ask. */
const NOBODY: Omit<CertificateRequest, "names" | "usages"> = { key: "ec-p256", reuseKey: false };

/** The rules by which leafd proves what it stores. */
function ruleFindings(leaf: Certificate, { walk, path }: Climbed, evidence: LeafEvidence): readonly Finding[] {
  const { publicKeyHash = leaf.publicKeyHash, request, served, now } = evidence;
  const usages: readonly Usage[] = served ? ["server"] : [];
  const anchor = path.at(-1);
  const gathered = {
    leaf,
    walk: anchor === undefined ? walk : { kind: "anchored" as const, path, anchor, others: [] },
    privateKeyHash: publicKeyHash,
    request: request ?? { ...NOBODY, names: leaf.names, usages },
    now,
    skew: SKEW,
    minimumLifetime: 0,
    replaces: undefined,
  };
  return CHECKS.flatMap(({ reason, run }) => {
    // The signatures are judged by trustFindings, which knows where the certificates lay.
    if (!isFindingCode(reason) || reason === "chain_broken" || reason === "chain_untrusted") return [];
    if (reason === "name_extra" && request === undefined) return [];
    const problem = run(gathered);
    if (problem === undefined) return [];
    return [finding(reason === "usage_wrong" && leaf.isCa ? "ca_as_leaf" : reason, problem)];
  });
}

/** What is left of a life when it should have been renewed, whatever the schedule. */
const LATE = 1 / 4;

/** What the dates say beyond "valid" and "over". */
function lifeFindings(leaf: Certificate, { path }: Climbed, { now, byClock }: LeafEvidence): readonly Finding[] {
  const { notBefore, notAfter } = leaf;
  const left = notAfter - now;
  const found: Finding[] = [];
  if (left > 0 && left < (notAfter - notBefore) * LATE) {
    const life = formatDuration(notAfter - notBefore);
    found.push(finding("ends_soon", `${formatDuration(left)} are left of a life of ${life}: most are renewed before`));
  }
  const sooner = path.filter((ca) => ca.notAfter < notAfter && ca.notAfter > now);
  for (const ca of sooner)
    found.push(finding("outlives_ca", `the leaf outlives ${subjectOf(ca)}, which ends at ${formatTime(ca.notAfter)}`));
  const doubt = byClock ? clockDoubt([leaf, ...path], now) : undefined;
  return doubt === undefined ? found : [...found, finding("clock_suspected", `${doubt}; ${nowIs(now)}`)];
}

/** Dates that a wrong clock explains better than a wrong certificate. */
function clockDoubt(chain: readonly Certificate[], now: EpochMillis): string | undefined {
  const early = chain.filter(({ notBefore }) => notBefore > now + SKEW);
  if (early.length > 0) return `the clock of this machine may be behind: ${early.length} of the chain begin later`;
  const over = chain.filter(({ notAfter }) => notAfter <= now);
  if (chain.length > 1 && over.length === chain.length)
    return "the clock of this machine may be ahead: the whole chain has ended, its CAs too";
  return undefined;
}
