import type { Certificate } from "./certificate.ts";
import { type Walk, walkChain } from "./chain.ts";
import { LeafdError } from "./errors.ts";
import type { LeafFacts } from "./leaf-facts.ts";
import type { Manifest } from "./manifest.ts";
import type { CertificateRequest } from "./spec.ts";
import { type EpochMillis, formatTime, MINUTE, type Millis } from "./units.ts";
import { subjectOf } from "./verify/check-rules.ts";
import { CHECKS, type Check } from "./verify/checks.ts";
import type { Gathered } from "./verify/evidence.ts";

/** What a pair is judged by. */
export interface StoredEvidence {
  readonly leaf: Certificate;
  /** CAs as they came: in any order, with roots and strangers among them. */
  readonly chain: readonly Certificate[];
  /** SHA-256 of the SubjectPublicKeyInfo of the key we hold, lower-case hex. */
  readonly privateKeyHash: string;
  readonly request: CertificateRequest;
  /** The trust anchors, known before the issuer was asked. */
  readonly roots: readonly Certificate[];
  readonly now: EpochMillis;
  /** How far our clock may be behind the issuer's; 60 s unless said otherwise. */
  readonly skew?: Millis;
  /** What must be left of the leaf's life; absent: anything. */
  readonly minimumLifetime?: Millis;
}

/** What a new pair is judged by. */
export interface Evidence extends StoredEvidence {
  /** The leaf that it would replace. */
  readonly current?: LeafFacts;
  /** It answers the same request as the current one, and must live longer than that. */
  readonly mustGain: boolean;
}

const verified = Symbol("verified");

/** A certificate and its chain that kept every rule of `CHECKS`. Only this file makes one, and only one can be stored. */
export interface VerifiedBundle {
  readonly [verified]: true;
  readonly leaf: Certificate;
  /** The CAs that are not self-signed: those between leaf and anchor in the order of their signatures, then cross-signed ones. */
  readonly chain: readonly Certificate[];
  /** The root that it ends at, or the intermediate that the operator named as one. */
  readonly anchor: Certificate;
  /** When the first CA on the way to the anchor ends, the anchor included. */
  readonly caNotAfter: EpochMillis;
  /** The content of `tls.crt`: the leaf, then the chain. */
  readonly certificatePem: string;
  /** What is good and yet worth an operator's attention, a sentence each. */
  readonly warnings: readonly string[];
}

/** Proves what an issuer answered. LeafdError with the reason of the first check that fails. */
export function verifyPair(evidence: Evidence): VerifiedBundle {
  return prove(gather(evidence));
}

/** Proves what lies on disk by the same checks; only those that compare a new leaf with the one before have no meaning. */
export function verifyStored(evidence: StoredEvidence): VerifiedBundle {
  return prove(gather(evidence));
}

/**
 * The time to judge a stored pair for: now, while it is valid. When it is over, or has not begun, that of its receipt: the
 * clock may be wrong, which is found out only when every pair has been read, and if it is right, the due time says enough.
 */
export function judgedAt(
  now: EpochMillis,
  { receivedAt }: Pick<Manifest, "receivedAt">,
  { notBefore, notAfter }: Certificate,
): EpochMillis {
  if (notBefore <= now && now < notAfter) return now;
  return Math.min(Math.max(receivedAt, notBefore), notAfter - 1);
}

/** The evidence as the checks read it: complete, the chain walked. LeafdError `bad_certificate` for a flood of CAs. */
export function gather(evidence: StoredEvidence & Partial<Evidence>): Gathered {
  const { leaf, chain, roots, privateKeyHash, request, now, current, mustGain = false } = evidence;
  if (chain.length > MAX_CHAIN)
    throw new LeafdError(
      "bad_certificate",
      `the reply holds ${chain.length} CA certificates; the limit is ${MAX_CHAIN}`,
    );
  const skew = evidence.skew ?? MINUTE;
  return {
    leaf,
    walk: walkChain(leaf, { chain, roots, now, skew }),
    privateKeyHash,
    request,
    now,
    skew,
    minimumLifetime: evidence.minimumLifetime ?? 0,
    replaces: current === undefined ? undefined : { current, mustGain },
  };
}

/** The first check that fails, or undefined. */
export function judge(gathered: Gathered, checks: readonly Check[] = CHECKS): LeafdError | undefined {
  for (const { reason, hint, run } of checks) {
    const problem = run(gathered);
    if (problem !== undefined) return new LeafdError(reason, problem, { hint });
  }
  return undefined;
}

/** Cross-signed CAs included, nobody has more; each costs signature checks. */
const MAX_CHAIN = 32;

function prove(gathered: Gathered): VerifiedBundle {
  const failure = judge(gathered);
  if (failure !== undefined) throw failure;
  const { leaf, walk } = gathered;
  // The checks have just refused any other walk; the compiler cannot know.
  if (walk.kind !== "anchored") throw new LeafdError("internal", `a ${walk.kind} chain passed every check`);
  const chain = [...walk.path, ...walk.others].filter((ca) => !ca.selfSigned);
  return {
    [verified]: true,
    leaf,
    chain,
    anchor: walk.anchor,
    caNotAfter: Math.min(...walk.path.map(({ notAfter }) => notAfter)),
    certificatePem: [leaf, ...chain].map((certificate) => certificate.pem).join(""),
    warnings: [...warningsOf(leaf, walk)],
  };
}

function* warningsOf(leaf: Certificate, { path, anchor }: Walk & { kind: "anchored" }): Generator<string> {
  if (!anchor.selfSigned)
    yield `the trust anchor ${subjectOf(anchor)} is an intermediate CA: peers that use OpenSSL need partial_chain to accept it`;
  for (const ca of path)
    if (ca.notAfter < leaf.notAfter)
      yield `the leaf outlives ${subjectOf(ca)}, which ends at ${formatTime(ca.notAfter)}: from then on nobody accepts it`;
}
