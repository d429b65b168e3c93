import { follow } from "../domain/abort.ts";
import { type Certificate, parseCertificates } from "../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { TrustSpec } from "../domain/spec.ts";
import { DAY, type EpochMillis, MINUTE, type Millis, SECOND } from "../domain/units.ts";
import { distinct, type KnownRoot, recalled, remembered, sameRoots } from "./known-roots.ts";
import type { Clock, Emit, Issuer, SharedTrust, TrustMemory } from "./ports.ts";
import { SharedWork } from "./shared-work.ts";

/*
 * Which roots a leaf may chain to. They are known before the issuer is asked to sign, never taken from the reply to
 * that: from the operator's file, else from what the mount publishes. A root that shows up later is accepted or held
 * by `newRoot`; one that the mount no longer shows stays while its grace lasts, so that peers can follow.
 */

/** How old the mount's answer may be before it is asked again. */
const FRESH_FOR: Millis = MINUTE;
/** How long an issuer is waited for that is not asked to sign. */
const GLANCE: Millis = 2 * SECOND;
/** How long a root that the mount no longer shows is still published. */
const GRACE: Millis = 7 * DAY;

interface Known {
  roots: readonly KnownRoot[];
  askedAt: Millis | undefined;
  /** When it was last asked although another issuer signs. */
  glancedAt: Millis | undefined;
  readonly asking: SharedWork;
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
export class TrustKeeper implements SharedTrust {
  readonly #options: TrustOptions;
  readonly #byIssuer = new Map<string, Known>();

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  known(issuers: readonly Issuer[]): readonly Certificate[] {
    const operator = this.#operatorRoots();
    const mounts = this.#isHeld(operator) ? [] : issuers.flatMap((issuer) => this.#of(issuer).roots);
    return distinct([...operator, ...mounts.map((root) => root.certificate)]);
  }

  lacks(issuers: readonly Issuer[]): boolean {
    return !this.#isHeld(this.#operatorRoots()) && issuers.some((issuer) => this.#of(issuer).roots.length === 0);
  }

  /** Held to the file means: what a mount once showed is no anchor, however long it has been known. */
  #isHeld(operator: readonly Certificate[]): boolean {
    return operator.length > 0 && this.#options.spec.newRoot === "hold";
  }

  anchored(issuer: Issuer, anchor: string, until: EpochMillis): void {
    const { neededUntil } = this.#of(issuer);
    neededUntil.set(anchor, Math.max(until, neededUntil.get(anchor) ?? 0));
  }

  async bundle(issuers: readonly Issuer[], signer: Issuer, signal: AbortSignal): Promise<readonly Certificate[]> {
    // A file of the operator that cannot be read is an error, whatever the mount says.
    this.#operatorRoots();
    const others = issuers.filter((issuer) => issuer.identity !== signer.identity);
    const [failure] = await Promise.all([
      this.#freshen(signer, signal),
      ...others.map((other) => this.#glance(other, signal)),
    ]);
    signal.throwIfAborted();
    if (this.known([signer]).length > 0) return this.known(issuers);
    throw failure ?? noTrust(signer);
  }

  outdated(issuer: Issuer): void {
    this.#of(issuer).askedAt = undefined;
  }

  /** Freshens what is known of an issuer that is not asked to sign; only its first answer is worth a short wait. */
  async #glance(issuer: Issuer, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const known = this.#of(issuer);
    const now = clock.monotonic();
    const since = known.glancedAt === undefined ? Number.POSITIVE_INFINITY : now - known.glancedAt;
    if (since >= GLANCE && since < FRESH_FOR) return;
    if (since >= FRESH_FOR) known.glancedAt = now;
    const asking = this.#freshen(issuer, signal);
    if (known.askedAt !== undefined || known.roots.length > 0) return;
    using enough = follow(signal);
    const patience = clock.sleep(GLANCE, enough.signal).catch(() => undefined);
    await Promise.race([asking, patience]);
    enough.abort();
  }

  #operatorRoots(): readonly Certificate[] {
    const { spec, memory } = this.#options;
    return spec.roots === undefined ? [] : parseCertificates(memory.operatorRoots(spec.roots));
  }

  #of(issuer: Issuer): Known {
    const found = this.#byIssuer.get(issuer.identity);
    if (found !== undefined) return found;
    const known: Known = {
      roots: recalled(issuer, this.#options),
      askedAt: undefined,
      glancedAt: undefined,
      asking: new SharedWork(),
      held: new Set(),
      neededUntil: new Map(),
    };
    this.#byIssuer.set(issuer.identity, known);
    return known;
  }

  /** One request at a time per issuer; that it failed only matters to those who know no root at all. */
  async #freshen(issuer: Issuer, signal: AbortSignal): Promise<LeafdError | undefined> {
    const { clock } = this.#options;
    const known = this.#of(issuer);
    if (known.askedAt !== undefined && clock.monotonic() - known.askedAt < FRESH_FOR) return undefined;
    try {
      await known.asking.join((shared) => this.#refresh(issuer, known, shared), signal);
      return undefined;
    } catch (thrown) {
      return toLeafdError(thrown);
    }
  }

  async #refresh(issuer: Issuer, known: Known, signal: AbortSignal): Promise<void> {
    const { clock, memory } = this.#options;
    const seen = parseCertificates((await issuer.authorities(signal)).join("\n")).filter((ca) => ca.selfSigned);
    // Where no root is known, the next attempt asks again: somebody may have imported one meanwhile.
    if (seen.length > 0 || this.#operatorRoots().length > 0) known.askedAt = clock.monotonic();
    const roots = merge({ ...this.#options, issuer, operator: this.#operatorRoots(), known }, seen);
    if (!sameRoots(roots, known.roots)) memory.remember(issuer.identity, remembered(roots));
    known.roots = roots;
  }
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
    const { fingerprint, notAfter, subject } = certificate;
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
      subject: root.certificate.subject,
    });
  }
  return [...after.values()];
}
