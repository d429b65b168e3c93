import { bundlePem } from "../domain/bundle.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { verifyStored } from "../domain/verify.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import { issue } from "./issue.ts";
import { type Job, leafFacts } from "./job.ts";
import { factsFor, publishAgain } from "./publish.ts";
import { prove } from "./rotate.ts";

/*
 * The reserve: a second pair of the service from a role of its own, with a longer life. It is renewed on its own and
 * never leaves the state directory, unless no issuer gives another pair in time.
 */

/** The service, as its reserve is asked for. */
export function reserveSpec(spec: ServiceSpec, heldDirectory: string): ServiceSpec {
  const { notAfter: _, ...request } = spec.request;
  const { reserve } = spec.outage;
  const ttl = reserve === undefined ? {} : { ttl: reserve.ttl };
  const { survive: _s, ...outage } = spec.outage;
  return { ...spec, request: { ...request, ...ttl }, output: heldOutput(heldDirectory, spec.name, "reserve"), outage };
}

/** Has a reserve issued and keeps it. `job` is that of `reserveSpec`, with the reserve that is held as its state. */
export async function renewReserve(job: Job, signal: AbortSignal): Promise<void> {
  const { spec, issuer, ports, say } = job;
  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);
  job.stage = "issue";
  const roots = await ports.trust.bundle(job.authorities, issuer, signal);
  const signed = await issue(job, signal);
  job.stage = "verify";
  const verified = prove(job, signed, roots);
  job.carry.unpublished = undefined;
  job.stage = "store";
  const { leaf, certificatePem, anchor } = verified;
  ports.trust.anchored(issuer, anchor.fingerprint, leaf.notAfter);
  const material = { privateKey: signed.privateKey, certificate: certificatePem, trust: bundlePem(roots) };
  const manifest = await ports.store.commit(spec.output, material, factsFor(job, verified, signed).facts);
  say({ kind: "reserved", leaf: leafFacts(manifest, leaf), fresh: true });
  await ports.store.sweep(spec.output);
}

/** Reads the reserve of an earlier run into the state, if it is still what the configuration asks for. Issues nothing. */
export async function recoverReserve(job: Job): Promise<void> {
  const { ports, spec, say } = job;
  if (spec.outage.reserve === undefined) return;
  try {
    const found = await readHeld(job, "reserve");
    const signed = found && asSigned(found);
    if (found === undefined || signed === undefined) return;
    const { leaf, chain, privateKey } = signed;
    const roots = ports.trust.known(job.authorities);
    const privateKeyHash = ports.keys.publicKeyHash(privateKey);
    verifyStored({ leaf, chain, privateKeyHash, request: spec.request, roots, now: ports.clock.now() });
    say({ kind: "reserved", leaf: leafFacts(found.manifest, leaf), fresh: false });
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    say({ kind: "reserve_lost", reason, message });
  }
}

/** Publishes the reserve in place of a pair that nobody renewed in time. */
export async function publishReserve(job: Job): Promise<void> {
  const { ports, spec, say } = job;
  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);
  job.stage = "verify";
  const found = await readHeld(job, "reserve");
  const signed = found && asSigned(found);
  if (found === undefined || signed === undefined) {
    say({ kind: "reserve_lost", reason: "pair_damaged", message: "the reserve is no longer on disk" });
    return;
  }
  const roots = ports.trust.known(job.authorities);
  prove(job, signed, roots);
  // What is offered again after a failure is the reserve itself, never a certificate of the issuer.
  job.carry.unpublished = undefined;
  job.stage = "store";
  await publishAgain(job, "reserve_used", { ...found, material: { ...found.material, trust: bundlePem(roots) } });
}
