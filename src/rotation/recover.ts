import { type Certificate, parseCertificates } from "../domain/certificate.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Cause } from "../domain/events.ts";
import type { Manifest } from "../domain/manifest.ts";
import { outdatedBy, reloadHash } from "../domain/request.ts";
import { verifyStored } from "../domain/verify.ts";
import { type Job, leafFacts } from "./job.ts";
import type { PairMaterial } from "./ports.ts";
import { publishAgain } from "./publish.ts";

/*
 * What a restart, and the sidecar after its init container, begin with: the pair on disk is read, held against its
 * manifest and proved again. Nothing is issued here and nobody is asked.
 */

interface Pair {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
}

/** Reasons for which the pair is sound but not what is asked for now. */
const OTHER_REQUEST: ReadonlySet<string> = new Set(["name_missing", "name_extra", "usage_wrong"]);

/**
 * Reads the disk into the state. A damaged directory that still holds a good generation is repaired from it, as a new
 * generation. Rejects only when the disk cannot be read, or the repair not be written.
 */
export async function recover(job: Job): Promise<void> {
  const rescue = await look(job);
  if (rescue !== undefined && isSound(job, rescue)) await publishAgain(job, "damaged", rescue);
}

/** The half of it that writes nothing. Answers what a damaged directory could be repaired from. */
export async function look(job: Job): Promise<Pair | undefined> {
  const { spec, ports, say } = job;
  const found = await ports.store.inspect(spec.output);
  switch (found.kind) {
    case "pair":
      await judge(job, found);
      return undefined;
    case "none":
      say({ kind: "nothing_usable", cause: "missing", message: "no certificate has been published here yet" });
      return undefined;
    case "damaged":
      say({ kind: "nothing_usable", cause: "damaged", reason: found.reason, message: found.message });
      return found.rescue;
    default:
      return found satisfies never;
  }
}

function isSound(job: Job, pair: Pair): boolean {
  try {
    return proveAgain(job, pair).outdated === undefined;
  } catch {
    return false;
  }
}

async function judge(job: Job, found: Pair): Promise<void> {
  const { spec, issuer, ports, say } = job;
  const { manifest } = found;
  let proved: Proof;
  try {
    proved = proveAgain(job, found);
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    say({ kind: "nothing_usable", cause: "damaged", reason, message });
    return;
  }
  const { leaf } = proved;
  const delivery = await ports.store.delivery(spec.output);
  const told = delivery?.generation === manifest.generation && delivery.reloadHash === reloadHash(spec.reload);
  const outdated = proved.outdated ?? outdatedBy(spec, issuer.identity, { leaf, manifest });
  say({
    kind: "recovered",
    leaf: leafFacts(withinLife(manifest, leaf), leaf),
    reloadOwed: spec.reload.length > 0 && !told,
    ...(outdated === undefined ? {} : { outdated }),
  });
}

/** The due time in a manifest is a memory too: one that lies outside the certificate's life is not believed. */
function withinLife(manifest: Manifest, leaf: Certificate): Manifest {
  const { firstDue } = manifest;
  return firstDue > leaf.notBefore && firstDue < leaf.notAfter ? manifest : { ...manifest, firstDue: leaf.notBefore };
}

interface Proof {
  readonly leaf: Certificate;
  readonly outdated: Cause | undefined;
}

function proveAgain(job: Job, found: Pair): Proof {
  const { spec, issuer, ports } = job;
  const [leaf, ...chain] = parseCertificates(found.material.certificate);
  if (leaf === undefined) throw new TypeError("a pair without a certificate");
  const known = ports.trust.known(issuer);
  const roots = known.length > 0 ? known : parseCertificates(found.material.trust);
  const privateKeyHash = ports.keys.publicKeyHash(found.material.privateKey);
  try {
    const evidence = { leaf, chain, privateKeyHash, request: spec.request, roots, now: ports.clock.now() };
    const { anchor } = verifyStored(evidence);
    ports.trust.anchored(issuer, anchor.fingerprint, leaf.notAfter);
    return { leaf, outdated: undefined };
  } catch (thrown) {
    const { reason } = toLeafdError(thrown);
    // Over, and otherwise as it was: it is replaced at once, and until then it is what there is.
    if (reason === "expired") return { leaf, outdated: "renewal_due" };
    if (OTHER_REQUEST.has(reason)) return { leaf, outdated: "request_changed" };
    throw thrown;
  }
}
