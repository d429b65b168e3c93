import { bundlePem, contentHash } from "../domain/bundle.ts";
import { type Certificate, parseCertificate, parseCertificates } from "../domain/certificate.ts";
import { earliestEnd } from "../domain/chain.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Cause, Superseded } from "../domain/events.ts";
import type { PairMaterial } from "../domain/inspection.ts";
import { leafFacts } from "../domain/leaf-facts.ts";
import type { Manifest } from "../domain/manifest.ts";
import { outdatedBy, wasToldOf } from "../domain/request.ts";
import { fraction } from "../domain/schedule.ts";
import type { OutputSpec } from "../domain/spec.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import { judgedAt, verifyStored } from "../domain/verify.ts";
import type { Work } from "./job.ts";

/*
 * What a restart, and the sidecar after its init container, begin with: the pair on disk is read, held against its
 * manifest and proved again. Nothing is issued here and nobody is asked.
 */

/** What reading takes of the work: no issuer is asked. */
export type Reading = Pick<Work, "spec" | "issuers" | "authorities" | "say"> & {
  readonly ports: Pick<Work["ports"], "clock" | "keys" | "store" | "trust" | "seed">;
  /** Replacements that a change of configuration asks for are spread over this time. */
  readonly pace: Millis;
  /** The output directory that the configuration had before. */
  readonly movedFrom?: OutputSpec;
};

interface Pair {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
  readonly note?: string;
}

/** A pair from which an output that lost its own can be published again, without a certificate. */
interface Rescue {
  readonly pair: Pair;
  readonly cause: Cause;
}

/** Reasons for which its issuer is not one whom peers believe, any more or as the clock stands. */
const OTHER_TRUST: ReadonlySet<string> = new Set(["chain_untrusted", "chain_broken", "ca_invalid"]);

/** Reasons for which the pair is sound but not what is asked for now. */
const OTHER_REQUEST: ReadonlySet<string> = new Set(["name_missing", "name_extra", "usage_wrong"]);

/**
 * Reads the disk into the state and writes nothing. Answers a pair that is sound, from which a damaged or moved directory
 * could be repaired. Rejects only when the disk cannot be read.
 */
export async function readDisk(reading: Reading): Promise<Rescue | undefined> {
  const rescue = await look(reading);
  return rescue !== undefined && isSound(reading, rescue.pair) ? rescue : undefined;
}

async function look(reading: Reading): Promise<Rescue | undefined> {
  const { spec, ports, say } = reading;
  const found = await ports.store.inspect(spec.output);
  switch (found.kind) {
    case "pair":
      await judge(reading, found);
      return undefined;
    case "none":
      say({ kind: "nothing_usable", cause: "missing", message: "no certificate has been published here yet" });
      return moved(reading);
    case "damaged":
      say({ kind: "nothing_usable", cause: "damaged", reason: found.reason, message: found.message });
      return found.rescue && { pair: found.rescue, cause: "damaged" };
    default:
      return found satisfies never;
  }
}

/** The configuration has another directory now, and the one before still holds the pair. */
async function moved({ movedFrom, ports }: Reading): Promise<Rescue | undefined> {
  const found = movedFrom === undefined ? undefined : await ports.store.inspect(movedFrom);
  return found?.kind === "pair" ? { pair: found, cause: "delivery_changed" } : undefined;
}

function isSound(reading: Reading, pair: Pair): boolean {
  try {
    const { leaf, outdated } = proveAgain(reading, pair);
    return outdated === undefined && leaf.notAfter > reading.ports.clock.now();
  } catch {
    return false;
  }
}

async function judge(reading: Reading, found: Pair): Promise<void> {
  const { spec, issuers, ports, say, pace } = reading;
  const { manifest } = found;
  let proved: Proof;
  try {
    proved = proveAgain(reading, found);
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    say({ kind: "nothing_usable", cause: "damaged", reason, message });
    return;
  }
  if (found.note !== undefined) say({ kind: "pair_warning", message: found.note });
  const { leaf, roots, caNotAfter } = proved;
  const delivery = await ports.store.delivery(spec.output);
  const told = wasToldOf(manifest, spec.reload, delivery);
  const trustChanged = manifest.files["ca.crt"] === contentHash(bundlePem(roots)) ? undefined : "trust_changed";
  const outdated = proved.outdated ?? outdatedBy(spec, issuers, { leaf, manifest }) ?? trustChanged;
  const trustNotAfter = earliestEnd(parseCertificates(found.material.trust));
  const isPaced = outdated === "request_changed" || outdated === "issuer_removed";
  const replaceAt = Math.round(ports.clock.now() + pace * fraction(`${ports.seed}\0${spec.name}`));
  say({
    kind: "recovered",
    leaf: leafFacts(withinLife(manifest, leaf), leaf, { caNotAfter, trustNotAfter }),
    reloadOwed: spec.reload.length > 0 && !told,
    ...(spec.probes.length > 0 && { proofOwed: true }),
    ...(delivery?.notAfter !== undefined && { servedUntil: delivery.notAfter }),
    ...(delivery !== undefined && { toldAt: delivery.at }),
    ...(await supersededOnDisk(reading, manifest)),
    ...(outdated === undefined ? {} : { outdated }),
    ...(isPaced ? { replaceAt } : {}),
  });
}

/**
 * The generation before, which was to be revoked and perhaps was not: revoking twice is no error. A younger one is a pair
 * that its dependent refused, and waits to be offered again.
 */
async function supersededOnDisk({ spec, ports }: Reading, manifest: Manifest): Promise<{ superseded?: Superseded }> {
  if (!spec.revokeOld) return {};
  const before = await ports.store.previous(spec.output);
  if (before === undefined || before.manifest.serial === manifest.serial) return {};
  if (before.manifest.receivedAt > manifest.receivedAt) return {};
  const { notAfter } = parseCertificate(before.material.certificate);
  const { serial, issuer } = before.manifest;
  return { superseded: { serial, issuer, notAfter } };
}

/** The due time in a manifest is a memory too: one that lies outside the certificate's life is not believed. */
function withinLife(manifest: Manifest, leaf: Certificate): Manifest {
  const { firstDue } = manifest;
  return firstDue > leaf.notBefore && firstDue < leaf.notAfter ? manifest : { ...manifest, firstDue: leaf.notBefore };
}

interface Proof {
  readonly leaf: Certificate;
  readonly roots: readonly Certificate[];
  readonly outdated: Cause | undefined;
  /** Absent where it proves nothing. */
  readonly caNotAfter?: EpochMillis;
}

/** What the pair is judged by: the anchors that are known, else those that were published with it. */
function rootsFor({ authorities, ports, say }: Reading, found: Pair): readonly Certificate[] {
  const published = parseCertificates(found.material.trust);
  try {
    const known = ports.trust.known(authorities);
    return known.length > 0 ? known : published;
  } catch (thrown) {
    const { message } = toLeafdError(thrown);
    say({ kind: "pair_warning", message: `judged by the bundle beside it, because this failed: ${message}` });
    return published;
  }
}

function proveAgain(reading: Reading, found: Pair): Proof {
  const { spec, issuers, ports } = reading;
  const [leaf, ...chain] = parseCertificates(found.material.certificate);
  if (leaf === undefined) throw new TypeError("a pair without a certificate");
  ports.trust.published(parseCertificates(found.material.trust));
  const roots = rootsFor(reading, found);
  const privateKeyHash = ports.keys.publicKeyHash(found.material.privateKey);
  try {
    const now = judgedAt(ports.clock.now(), found.manifest, leaf);
    const evidence = { leaf, chain, privateKeyHash, request: spec.request, roots, now };
    const { anchor, caNotAfter } = verifyStored(evidence);
    const signer = issuers.find(({ name }) => name === found.manifest.issuer);
    if (signer !== undefined) ports.trust.anchored(signer, anchor.fingerprint, leaf.notAfter);
    return { leaf, roots, outdated: undefined, caNotAfter };
  } catch (thrown) {
    const { reason } = toLeafdError(thrown);
    // Its root is no longer trusted, or a CA of it has ended: it serves until the next one is there.
    if (OTHER_TRUST.has(reason)) return { leaf, roots, outdated: "issuer_removed" };
    if (OTHER_REQUEST.has(reason)) return { leaf, roots, outdated: "request_changed" };
    ports.trust.published([]);
    throw thrown;
  }
}
