import { bundlePem } from "../domain/bundle.ts";
import type { Certificate } from "../domain/certificate.ts";
import { parseCertificate } from "../domain/certificate.ts";
import type { Cause } from "../domain/events.ts";
import type { Manifest } from "../domain/manifest.ts";
import { deliveryHash } from "../domain/request.ts";
import { firstDue, jitter } from "../domain/schedule.ts";
import type { VerifiedBundle } from "../domain/verify.ts";
import { type Job, leafFacts, type Signed } from "./job.ts";
import type { ManifestFacts, PairMaterial } from "./ports.ts";

interface Proved {
  readonly verified: VerifiedBundle;
  readonly signed: Signed;
  readonly roots: readonly Certificate[];
}

/** Stores a proved pair as a new generation and says so. */
export async function publish(job: Job, { verified, signed, roots }: Proved): Promise<void> {
  const { spec, issuer, ports } = job;
  const { leaf, anchor, certificatePem } = verified;
  const { receivedAt } = signed;
  const notAfter = Math.min(leaf.notAfter, signed.leaseEnds ?? leaf.notAfter);
  const plan = { renewAt: spec.renewAt, jitter: jitter(spec.name, leaf.serial) };
  const facts: ManifestFacts = {
    service: spec.name,
    requestHash: signed.requestHash,
    deliveryHash: deliveryHash(spec.output),
    serial: leaf.serial,
    fingerprint: leaf.fingerprint,
    issuer: issuer.name,
    rung: "primary",
    receivedAt,
    firstDue: firstDue({ notBefore: leaf.notBefore, notAfter, receivedAt }, plan).due,
  };
  ports.trust.anchored(issuer, anchor.fingerprint, leaf.notAfter);
  const material = { privateKey: signed.privateKey, certificate: certificatePem, trust: bundlePem(roots) };
  await commit(job, { cause: job.cause, material, facts, leaf });
}

/** Publishes the pair that is there as a new generation: in another form, or with another trust bundle. */
export async function republish(job: Job, cause: Cause): Promise<void> {
  const { spec, ports } = job;
  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);
  job.stage = "store";
  const found = await ports.store.inspect(spec.output);
  if (found.kind === "pair")
    return publishAgain(
      job,
      cause,
      cause === "trust_changed" ? withTrust(found, bundlePem(ports.trust.known(job.issuer))) : found,
    );
  // Somebody took it away since it was judged: the next decision is to issue.
  if (found.kind === "none")
    job.say({ kind: "nothing_usable", cause: "missing", message: "the published pair is gone" });
  else job.say({ kind: "nothing_usable", cause: "damaged", reason: found.reason, message: found.message });
}

/** Commits a pair that was read from disk, and proved, as a new generation. */
export async function publishAgain(job: Job, cause: Cause, pair: StoredPair): Promise<void> {
  const facts: ManifestFacts = { ...factsOf(pair.manifest), deliveryHash: deliveryHash(job.spec.output) };
  await commit(job, { cause, material: pair.material, facts, leaf: parseCertificate(pair.material.certificate) });
}

interface StoredPair {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
}

function withTrust(pair: StoredPair, trust: string): StoredPair {
  return { manifest: pair.manifest, material: { ...pair.material, trust } };
}

function factsOf(manifest: Manifest): ManifestFacts {
  const { version: _version, generation: _generation, files: _files, access: _access, ...facts } = manifest;
  return facts;
}

interface Commit {
  readonly cause: Cause;
  readonly material: PairMaterial;
  readonly facts: ManifestFacts;
  readonly leaf: Certificate;
}

async function commit(job: Job, { cause, material, facts, leaf }: Commit): Promise<void> {
  const { spec, ports, say } = job;
  const began = ports.clock.monotonic();
  const manifest = await ports.store.commit(spec.output, material, facts);
  const took = ports.clock.monotonic() - began;
  say({ kind: "published", cause, leaf: leafFacts(manifest, leaf), reloadOwed: spec.reload.length > 0, took });
}
