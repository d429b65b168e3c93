import { bundlePem } from "../domain/bundle.ts";
import type { Certificate } from "../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { leafFacts } from "../domain/leaf-facts.ts";
import { outdatedBy } from "../domain/request.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { judgedAt, verifyStored } from "../domain/verify.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import { issue, reach } from "./issue.ts";
import type { Job } from "./job.ts";
import { factsFor, publishAgain } from "./publish.ts";
import { prove, refuseWithoutGain, stillWanted } from "./rotate.ts";

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
  const roots = await reach(job, () => ports.trust.bundle(job.authorities, issuer, signal), signal);
  refuseWithoutGain(job);
  const signed = stillWanted(job) ?? (await issue(job, signal));
  job.stage = "verify";
  const verified = prove(job, signed, roots);
  job.stage = "store";
  const { leaf, certificatePem, anchor, caNotAfter } = verified;
  ports.trust.anchored(issuer, anchor.fingerprint, leaf.notAfter);
  const material = { privateKey: signed.privateKey, certificate: certificatePem, trust: bundlePem(roots) };
  const manifest = await ports.store.commit(spec.output, material, factsFor(job, verified, signed).facts);
  job.carry.unpublished = undefined;
  say({ kind: "reserved", leaf: leafFacts(manifest, leaf, { caNotAfter }), fresh: true });
  await ports.store.sweep(spec.output);
}

/** What reading takes of a job: no issuer is asked. */
type Reading = Pick<Job, "spec" | "issuers" | "authorities" | "say"> & {
  readonly ports: Pick<Job["ports"], "clock" | "keys" | "store" | "trust" | "heldDirectory">;
};

/**
 * Reads the reserve of an earlier run into the state. Where the configuration asks for another one now it is due at once,
 * and better than none until then. Issues nothing.
 */
export async function recoverReserve(job: Reading): Promise<void> {
  const { ports, spec, say } = job;
  const { reserve } = spec.outage;
  if (reserve === undefined) return;
  try {
    const found = await readHeld(job, "reserve");
    const signed = found && asSigned(found);
    if (found === undefined || signed === undefined) return;
    const { leaf, chain, privateKey } = signed;
    const roots = ports.trust.known(job.authorities);
    const privateKeyHash = ports.keys.publicKeyHash(privateKey);
    const asked = reserveSpec(spec, ports.heldDirectory);
    const now = judgedAt(ports.clock.now(), found.manifest, leaf);
    const stored = { leaf, chain, privateKeyHash, request: asked.request, roots, now };
    const { caNotAfter } = verifyStored(stored);
    const issuers = job.issuers.filter(({ name }) => name === reserve.issuer.name);
    const facts = leafFacts(found.manifest, leaf, { caNotAfter });
    const isOther = outdatedBy(asked, issuers, { leaf, manifest: found.manifest }) !== undefined;
    say({ kind: "reserved", leaf: isOther ? { ...facts, due: facts.receivedAt } : facts, fresh: false });
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    say({ kind: "reserve_lost", reason, message });
  }
}

/** Publishes the reserve in place of a pair that nobody renewed in time. */
export async function publishReserve(job: Job): Promise<void> {
  const { ports, spec } = job;
  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);
  job.stage = "verify";
  const roots = ports.trust.known(job.authorities);
  const found = await readProved(job, roots);
  if (found === undefined) return;
  job.stage = "store";
  await publishAgain(job, "reserve_used", { ...found, material: { ...found.material, trust: bundlePem(roots) } });
}

/** The reserve on disk. One that is not there any more, or would not serve, is lost: to try it again is of no use. */
async function readProved(job: Job, roots: readonly Certificate[]) {
  const found = await readHeld(job, "reserve");
  try {
    const signed = found && asSigned(found);
    if (signed === undefined) throw new LeafdError("pair_damaged", "the reserve is no longer on disk");
    prove(job, signed, roots);
    return found;
  } catch (thrown) {
    const { reason, message } = toLeafdError(thrown);
    job.say({ kind: "reserve_lost", reason, message });
    return undefined;
  } finally {
    // What is offered again after a failure is the reserve itself, never a certificate of the issuer.
    job.carry.unpublished = undefined;
  }
}
