import { bundlePem } from "../domain/bundle.ts";
import type { Certificate } from "../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { leafFacts } from "../domain/leaf-facts.ts";
import { isSame, outdatedBy, requestHash } from "../domain/request.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import { judgedAt, verifyStored } from "../domain/verify.ts";
import { failureOf, retryAt } from "./attempt.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import { issue, reach } from "./issue.ts";
import type { Job, Work } from "./job.ts";
import { factsFor, publishAgain } from "./publish.ts";
import { prove, refuseWithoutGain, stillWanted } from "./rotate.ts";

/*
 * The reserve: a second pair of the service from a role of its own, with a longer life. It is renewed on its own and
 * never leaves the state directory, unless no issuer gives another pair in time.
 */

/** The service, as its reserve is asked for. */
function reserveSpec(spec: ServiceSpec, heldDirectory: string): ServiceSpec {
  const { notAfter: _, ...request } = spec.request;
  const { reserve } = spec.outage;
  const ttl = reserve === undefined ? {} : { ttl: reserve.ttl };
  const { survive: _s, ...outage } = spec.outage;
  return { ...spec, request: { ...request, ...ttl }, output: heldOutput(heldDirectory, spec.name, "reserve"), outage };
}

/** Has a reserve issued and keeps it. `job` is that of the service, with the issuer and the carry of the reserve. */
export async function renewReserve(job: Job, signal: AbortSignal): Promise<void> {
  try {
    await rotateReserve(asReserve(job), signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const failures = (job.latest().reserveTrouble?.failures ?? 0) + 1;
    const again = retryAt(job, error, ["reserve", failures]);
    job.say({ kind: "reserve_failed", issuer: job.issuer.name, ...fields, failures, retryAt: again });
  }
}

/** The same job for the reserve: another pair, in another place, from a rung of its own. */
function asReserve(job: Job): Job {
  const { current: _, ...others } = job.state;
  const { reserve } = others;
  const spec = reserveSpec(job.spec, job.ports.heldDirectory);
  const isAsked = reserve === undefined || isSame(reserve.requestHash, requestHash(spec.request, job.issuer.identity));
  return {
    ...job,
    spec,
    rung: "reserve",
    cause: isAsked ? "renewal_due" : "request_changed",
    state: reserve === undefined ? others : { ...others, current: reserve },
    // The last place in the budget is kept for the pair itself: a reserve that gains nothing must not hold it up.
    budget: job.budget - 1,
  };
}

async function rotateReserve(job: Job, signal: AbortSignal): Promise<void> {
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

/** What reading takes of the work: no issuer is asked. */
type Reading = Pick<Work, "spec" | "issuers" | "authorities" | "say"> & {
  readonly ports: Pick<Work["ports"], "clock" | "keys" | "store" | "trust" | "heldDirectory">;
};

/**
 * Reads the reserve of an earlier run into the state. Where the configuration asks for another one now it is due at once,
 * and better than none until then. Issues nothing.
 */
export async function readReserve(reading: Reading): Promise<void> {
  const { ports, spec, say } = reading;
  const { reserve } = spec.outage;
  if (reserve === undefined) return;
  try {
    const found = await readHeld(reading, "reserve");
    const signed = found && asSigned(found);
    if (found === undefined || signed === undefined) return;
    const { leaf, chain, privateKey } = signed;
    const roots = ports.trust.known(reading.authorities);
    const privateKeyHash = ports.keys.publicKeyHash(privateKey);
    const asked = reserveSpec(spec, ports.heldDirectory);
    const now = judgedAt(ports.clock.now(), found.manifest, leaf);
    const stored = { leaf, chain, privateKeyHash, request: asked.request, roots, now };
    const { caNotAfter } = verifyStored(stored);
    const issuers = reading.issuers.filter(({ name }) => name === reserve.issuer.name);
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
