import type { Certificate } from "../domain/certificate.ts";
import { parseCertificate, parseCertificates } from "../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { TrustSpec } from "../domain/spec.ts";
import { DAY, type EpochMillis, MINUTE, type Millis } from "../domain/units.ts";
import type { Clock, Emit, Issuer, Trust, TrustMemory } from "./ports.ts";

/*
 * Which roots a leaf may chain to. They are known before the issuer is asked to sign, never taken from the reply to
 * that: from the operator's file, else from what the mount publishes. A root that shows up later is accepted or held
 * by `newRoot`; one that the mount no longer shows stays while its grace lasts, so that peers can follow.
 */

/** How old the mount's answer may be before it is asked again. */
const FRESH_FOR: Millis = MINUTE;
/** How long a root that the mount no longer shows is still published. */
const GRACE: Millis = 7 * DAY;

interface KnownRoot {
  readonly certificate: Certificate;
  readonly lastSeen: EpochMillis;
}

interface Known {
  roots: readonly KnownRoot[];
  askedAt: Millis | undefined;
  asking: Promise<void> | undefined;
  /** Fingerprints that were reported as held: once each. */
  readonly held: Set<string>;
  /** Fingerprint of a root → the end of the last of our leaves that chains to it. */
  readonly neededUntil: Map<string, EpochMillis>;
}

interface TrustOptions {
  readonly spec: TrustSpec;
  readonly memory: TrustMemory;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The trust anchors of all issuers, by the rules of `trust` in the configuration. */
export function createTrust(options: TrustOptions): Trust {
  const { spec, memory, clock } = options;
  const byIssuer = new Map<string, Known>();

  const operator = (): readonly Certificate[] =>
    spec.roots === undefined ? [] : parseCertificates(memory.operatorRoots(spec.roots));

  const knownOf = (issuer: Issuer): Known => {
    const found = byIssuer.get(issuer.identity);
    if (found !== undefined) return found;
    const known: Known = {
      roots: recalled(memory.recall(issuer.identity)),
      askedAt: undefined,
      asking: undefined,
      held: new Set(),
      neededUntil: new Map(),
    };
    byIssuer.set(issuer.identity, known);
    return known;
  };

  const refresh = async (issuer: Issuer, known: Known, signal: AbortSignal): Promise<void> => {
    const seen = (await issuer.authorities(signal)).map((pem) => parseCertificate(pem)).filter((ca) => ca.selfSigned);
    known.askedAt = clock.monotonic();
    const roots = merge({ ...options, issuer, operator: operator(), known }, seen);
    if (JSON.stringify(prints(roots)) !== JSON.stringify(prints(known.roots)))
      memory.remember(issuer.identity, remembered(roots));
    known.roots = roots;
  };

  /** One request at a time per issuer; a failure only matters to those who know no root at all. */
  const freshen = async (issuer: Issuer, known: Known, signal: AbortSignal): Promise<LeafdError | undefined> => {
    if (known.askedAt !== undefined && clock.monotonic() - known.askedAt < FRESH_FOR) return undefined;
    known.asking ??= refresh(issuer, known, signal).finally(() => {
      known.asking = undefined;
    });
    try {
      await known.asking;
      return undefined;
    } catch (thrown) {
      return toLeafdError(thrown);
    }
  };

  return {
    known: (issuer) => [...operator(), ...knownOf(issuer).roots.map((root) => root.certificate)],
    anchored(issuer, anchor, until) {
      const { neededUntil } = knownOf(issuer);
      neededUntil.set(anchor, Math.max(until, neededUntil.get(anchor) ?? 0));
    },
    async bundle(issuer, signal) {
      const known = knownOf(issuer);
      const anchors = operator();
      const failure = await freshen(issuer, known, signal);
      signal.throwIfAborted();
      const roots = [...anchors, ...known.roots.map((root) => root.certificate)];
      if (roots.length > 0) return roots;
      throw failure ?? noTrust(issuer);
    },
  };
}

function noTrust(issuer: Issuer): LeafdError {
  return new LeafdError(
    "no_trust",
    `issuer "${issuer.name}": the PKI mount holds no self-signed root, only intermediates, and trust.roots is not set`,
    {
      hint: "Put the offline root into a PEM file and name it in trust.roots, or import the root certificate into the mount.",
    },
  );
}

interface MergeInput extends TrustOptions {
  readonly issuer: Issuer;
  readonly operator: readonly Certificate[];
  readonly known: Known;
}

/** The roots known from now on, given those the mount shows. */
function merge(input: MergeInput, seen: readonly Certificate[]): readonly KnownRoot[] {
  const { spec, emit, issuer, operator, known } = input;
  const at = input.clock.now();
  const before = new Map(known.roots.map((root) => [root.certificate.fingerprint, root]));
  const operatorKnows = new Set(operator.map((root) => root.fingerprint));
  // The first roots of a mount that nobody vouched for otherwise are what trust begins with: they are no news.
  const first = known.roots.length === 0 && operator.length === 0;
  const after = new Map(before);
  for (const certificate of seen) {
    const { fingerprint, notAfter } = certificate;
    const subject = certificate.names.commonName ?? "";
    if (before.has(fingerprint) || first || (spec.newRoot === "accept" && !operatorKnows.has(fingerprint))) {
      if (!before.has(fingerprint) && !first)
        emit({ kind: "root_added", at, issuer: issuer.name, fingerprint, subject, notAfter });
      after.set(fingerprint, { certificate, lastSeen: at });
    } else if (!operatorKnows.has(fingerprint) && !known.held.has(fingerprint)) {
      known.held.add(fingerprint);
      emit({ kind: "root_held", at, issuer: issuer.name, fingerprint, subject });
    }
  }
  for (const [fingerprint, root] of after) {
    const needed = root.lastSeen > at - GRACE || (known.neededUntil.get(fingerprint) ?? at) > at;
    if (needed && root.certificate.notAfter > at) continue;
    after.delete(fingerprint);
    emit({
      kind: "root_removed",
      at,
      issuer: issuer.name,
      fingerprint,
      subject: root.certificate.names.commonName ?? "",
    });
  }
  return [...after.values()];
}

function prints(roots: readonly KnownRoot[]): readonly string[] {
  return roots.map((root) => root.certificate.fingerprint).sort();
}

function remembered(roots: readonly KnownRoot[]): string {
  return JSON.stringify({
    version: 1,
    roots: roots.map((root) => ({ pem: root.certificate.pem, lastSeen: root.lastSeen })),
  });
}

/** A memory that does not parse is no memory: the mount is asked again. */
function recalled(text: string | undefined): readonly KnownRoot[] {
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || !("roots" in parsed) || !Array.isArray(parsed.roots))
      return [];
    return parsed.roots.flatMap((root: unknown) => {
      if (typeof root !== "object" || root === null || !("pem" in root) || !("lastSeen" in root)) return [];
      if (typeof root.pem !== "string" || typeof root.lastSeen !== "number") return [];
      return [{ certificate: parseCertificate(root.pem), lastSeen: root.lastSeen }];
    });
  } catch {
    return [];
  }
}
