import { bundlePem } from "../domain/bundle.ts";
import { type Certificate, parseCertificates } from "../domain/certificate.ts";
import { chainEnd, earliestEnd, walkChain } from "../domain/chain.ts";
import { LeafdError } from "../domain/errors.ts";
import type { Cause, Superseded } from "../domain/events.ts";
import type { ManifestFacts, PairMaterial } from "../domain/inspection.ts";
import { leafFacts } from "../domain/leaf-facts.ts";
import type { Manifest } from "../domain/manifest.ts";
import { deliveryHash } from "../domain/request.ts";
import { firstDue, jitter, renewalMargin } from "../domain/schedule.ts";
import { type EpochMillis, MINUTE } from "../domain/units.ts";
import type { VerifiedBundle } from "../domain/verify.ts";
import type { Job, Signed, Work } from "./job.ts";

interface Proved {
  readonly verified: VerifiedBundle;
  readonly signed: Signed;
  readonly roots: readonly Certificate[];
  /** What `preReload` said with the pair before; undefined: it was not tried. */
  readonly wasBroken: boolean | undefined;
}

/** Stores a proved pair as a new generation and says so. */
export async function publish(job: Job, { verified, signed, roots, wasBroken }: Proved): Promise<void> {
  const { spec, issuer, ports, say } = job;
  const { leaf, anchor, caNotAfter, certificatePem } = verified;
  const { facts: proved, floored } = factsFor(job, verified, signed);
  const facts = { ...proved, ...(wasBroken !== undefined && { dependentWasBroken: wasBroken }) };
  ports.trust.anchored(issuer, anchor.fingerprint, leaf.notAfter);
  const material = { privateKey: signed.privateKey, certificate: certificatePem, trust: bundlePem(roots) };
  await commit(job, { cause: job.cause, material, facts, leaf, caNotAfter });
  const { survive } = spec.outage;
  if (survive === undefined || !floored) return;
  const length = leaf.notAfter - signed.receivedAt;
  const possible = Math.max(0, leaf.notAfter - facts.firstDue - renewalMargin(length));
  say({ kind: "survive_unmet", survive, possible });
}

/** What the manifest of a new pair says, and whether the plan asked for an earlier renewal than can be had. */
export function factsFor({ spec, issuer, rung, ports }: Job, { leaf }: VerifiedBundle, signed: Signed) {
  const { receivedAt, requestHash, leaseEnds = leaf.notAfter } = signed;
  const lifetime = { notBefore: leaf.notBefore, notAfter: Math.min(leaf.notAfter, leaseEnds), receivedAt };
  const { survive } = spec.outage;
  const plan = {
    renewAt: spec.renewAt,
    jitter: jitter(spec.name, leaf.serial),
    skew: ports.skew(),
    ...(survive && { survive }),
  };
  const { due, floored } = firstDue(lifetime, plan);
  const facts: ManifestFacts = {
    service: spec.name,
    requestHash,
    deliveryHash: deliveryHash(spec.output),
    serial: leaf.serial,
    fingerprint: leaf.fingerprint,
    issuer: issuer.name,
    rung,
    receivedAt,
    firstDue: due,
  };
  return { facts, floored };
}

/** Publishes the pair that is there as a new generation: in another form, or with another trust bundle. */
export async function republish(job: Job, cause: Cause): Promise<void> {
  const { spec, ports } = job;
  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);
  job.stage = "store";
  const found = await ports.store.inspect(spec.output);
  if (found.kind === "pair") {
    const trust = cause === "trust_changed" ? bundlePem(ports.trust.known(job.authorities)) : found.material.trust;
    await publishAgain(job, cause, { manifest: found.manifest, material: { ...found.material, trust } });
    return;
  }
  // Somebody took it away since it was judged: the next decision is to issue.
  if (found.kind === "none")
    job.say({ kind: "nothing_usable", cause: "missing", message: "the published pair is gone" });
  else job.say({ kind: "nothing_usable", cause: "damaged", reason: found.reason, message: found.message });
}

/** Commits a pair that was read from disk, and proved, as a new generation. */
export async function publishAgain(work: Work, cause: Cause, pair: StoredPair): Promise<Manifest> {
  const { manifest, material, inUse = false } = pair;
  const { dependentWasBroken: _, ...known } = factsOf(manifest);
  const facts: ManifestFacts = { ...known, deliveryHash: deliveryHash(work.spec.output) };
  const [leaf, ...chain] = parseCertificates(material.certificate);
  if (leaf === undefined) throw new LeafdError("pair_damaged", "a pair without a certificate");
  const roots = parseCertificates(material.trust);
  const caNotAfter = chainEnd(walkChain(leaf, { chain, roots, now: work.ports.clock.now(), skew: MINUTE }));
  return commit(work, { cause, material, facts, leaf, caNotAfter, inUse });
}

interface StoredPair {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
  /** The dependents serve it now, and need not be told. */
  readonly inUse?: boolean;
}

/** What a manifest says besides what the store adds by itself. */
export function factsOf(manifest: Manifest): ManifestFacts {
  const { version: _version, generation: _generation, files: _files, access: _access, ...facts } = manifest;
  return facts;
}

interface Commit {
  readonly cause: Cause;
  readonly material: PairMaterial;
  readonly facts: ManifestFacts;
  readonly leaf: Certificate;
  readonly caNotAfter: EpochMillis | undefined;
  readonly inUse?: boolean;
}

async function commit(
  work: Work,
  { cause, material, facts, leaf, caNotAfter, inUse = false }: Commit,
): Promise<Manifest> {
  const { spec, ports, say, state, why } = work;
  const began = ports.clock.monotonic();
  const manifest = await ports.store.commit(spec.output, material, facts);
  const took = ports.clock.monotonic() - began;
  const reloadOwed = spec.reload.length > 0 && !inUse;
  const proofOwed = spec.reload.length === 0 && spec.probes.length > 0;
  const superseded = supersededBy(work, cause, leaf);
  const ends = { caNotAfter, trustNotAfter: earliestEnd(parseCertificates(material.trust)) };
  const mends = state.drift ?? (cause === "damaged" ? cause : undefined);
  const published = { cause, ...(mends && { mends }), leaf: leafFacts(manifest, leaf, ends), reloadOwed, took };
  say({ kind: "published", ...published, ...(proofOwed && { proofOwed }), ...(superseded && { superseded }) });
  const { current } = state;
  if (current === undefined || isSameRung(current, facts)) return manifest;
  const reason = facts.rung === "primary" || why === undefined ? {} : { reason: why };
  say({ kind: "rung_changed", from: current.rung, to: facts.rung, issuer: facts.issuer, ...reason });
  return manifest;
}

type Place = Pick<ManifestFacts, "rung" | "issuer">;

/** Each issuer after the first is a rung of its own. */
function isSameRung(before: Place, after: Place): boolean {
  return before.rung === after.rung && (after.rung !== "failover" || before.issuer === after.issuer);
}

/** The certificate that is replaced, when it is to be revoked. */
function supersededBy({ spec, state }: Work, cause: Cause, leaf: Certificate): Superseded | undefined {
  const { current } = state;
  if (!spec.revokeOld || current === undefined || current.serial === leaf.serial || cause === "rolled_back")
    return undefined;
  return { serial: current.serial, issuer: current.issuer, notAfter: current.notAfter };
}
