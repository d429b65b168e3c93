import { bundlePem, contentHash } from "../domain/bundle.ts";
import type { Certificate } from "../domain/certificate.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { RUNG_NAMES, type RungName } from "../domain/manifest.ts";
import { requestHash } from "../domain/request.ts";
import { formatDuration, formatTime, type Millis, SECOND } from "../domain/units.ts";
import { type VerifiedBundle, verifyPair } from "../domain/verify.ts";
import { issue, reach } from "./issue.ts";
import type { Job, Signed } from "./job.ts";
import { checkDependent } from "./pre-reload.ts";
import { publish, republish } from "./publish.ts";
import { refusedPair } from "./refused.ts";

/*
 * One rotation of one service, from top to bottom:
 *
 *     preflight → trust → key and CSR → budget → sign → verify → store
 *
 * What can fail without costing a certificate comes first. The reload is not part of it: it is owed from the moment
 * the pair is stored, and paid by the runner, so that a crash in between loses nothing.
 */

/** A leaf that ends sooner than this after its arrival cannot be delivered before it is over. */
const MINIMUM_LIFETIME: Millis = 3 * SECOND;

/** Gets a new certificate and publishes it. Rejects with a LeafdError; `job.stage` then says where. */
export async function rotate(job: Job, signal: AbortSignal): Promise<void> {
  const { spec, issuer, ports } = job;

  job.stage = "preflight";
  await ports.store.preflight(spec.output, spec.name);

  job.stage = "issue";
  const roots = await reach(job, () => ports.trust.bundle(job.authorities, issuer, signal), signal);
  if (bundleChanged(job, roots)) {
    // Peers must know a root before they meet a leaf that chains to it: the bundle goes out alone, then the loop comes back.
    await republish(job, "trust_changed");
    return;
  }
  refuseWithoutGain(job);
  const signed = (await usable(job, roots)) ?? (await issue(job, signal));

  job.stage = "verify";
  const proof = await proveOrLearn(job, { signed, roots }, signal);
  if (proof === undefined) return;

  job.stage = "store";
  const wasBroken = await checkDependent(job, signal);
  await publish(job, { ...proof, signed, wasBroken });
  job.carry.unpublished = undefined;
}

function bundleChanged(job: Job, roots: readonly Certificate[]): boolean {
  const { current } = job.state;
  return current !== undefined && current.trustHash !== contentHash(bundlePem(roots));
}

/** Only a renewal must gain time: another request, a better rung, or a wish by hand, is answered all the same. */
function mustGain({ cause, rung, state }: Job): boolean {
  return cause === "renewal_due" && !isBetterRung(rung, state.current?.rung);
}

/** Another certificate would end no later than the current one, as far as that is known beforehand: it is not asked for. */
export function refuseWithoutGain(job: Job): void {
  const { spec, state, ports } = job;
  const { notAfter, ttl } = spec.request;
  const { current } = state;
  if (current === undefined || !mustGain(job)) return;
  if (notAfter !== undefined && current.notAfter >= notAfter - SECOND)
    throw new LeafdError(
      "no_gain",
      `the current certificate ends at ${formatTime(notAfter)} already, as notAfter demands`,
      { hint: "Set a later notAfter, or a ttl instead of it." },
    );
  if (notAfter === undefined && ttl !== undefined && ports.clock.now() + ttl <= current.notAfter)
    throw new LeafdError(
      "no_gain",
      `the current certificate ends at ${formatTime(current.notAfter)}, later than one of ${formatDuration(ttl)} would`,
      { hint: "Nothing to do: the shorter ttl takes effect before that; `leafd renew` does not wait for it." },
    );
}

/**
 * A certificate that was given and could not be stored, or that the dependent refused, if it answers the request as it
 * is now: it is offered again before another one is asked for.
 */
async function usable(job: Job, roots: readonly Certificate[]): Promise<Signed | undefined> {
  if (job.carry.unpublished !== undefined) return stillWanted(job);
  // Who asks for another one by hand has seen enough of that one.
  const request = requestHash(job.spec.request, job.issuer.identity);
  return job.state.renewalAsked ? undefined : refusedPair(job, { request, roots });
}

/** The certificate that was given before and could not be stored, if it answers the request as it is now. */
export function stillWanted({ carry: { unpublished }, spec, issuer }: Job): Signed | undefined {
  return unpublished?.requestHash === requestHash(spec.request, issuer.identity) ? unpublished : undefined;
}

function isBetterRung(next: RungName, current: RungName | undefined): boolean {
  return current === undefined || RUNG_NAMES.indexOf(next) < RUNG_NAMES.indexOf(current);
}

interface Unproved {
  readonly signed: Signed;
  readonly roots: readonly Certificate[];
}

/**
 * Proves the pair. Where its root is not known, the mount is asked whether it has another one by now; if so the bundle
 * goes out alone, the certificate waits for the next try, and there is no proof yet.
 */
async function proveOrLearn(job: Job, { signed, roots }: Unproved, signal: AbortSignal) {
  try {
    return { verified: prove(job, signed, roots), roots };
  } catch (thrown) {
    const { issuer, authorities, ports, carry, state } = job;
    if (toLeafdError(thrown).reason !== "chain_untrusted") throw thrown;
    ports.trust.outdated(issuer);
    const learnt = await reach(job, () => ports.trust.bundle(authorities, issuer, signal), signal);
    if (state.current === undefined) return { verified: prove(job, signed, learnt), roots: learnt };
    if (!bundleChanged(job, learnt)) throw thrown;
    carry.unpublished = signed;
    await republish(job, "trust_changed");
    return undefined;
  }
}

/** Proves the pair; what cannot be proved is dropped here and never reaches the disk. */
export function prove(job: Job, signed: Signed, roots: readonly Certificate[]): VerifiedBundle {
  const { spec, ports, state } = job;
  job.carry.unpublished = undefined;
  const verified = verifyPair({
    leaf: signed.leaf,
    chain: signed.chain,
    privateKeyHash: ports.keys.publicKeyHash(signed.privateKey),
    request: spec.request,
    roots,
    now: ports.clock.now(),
    minimumLifetime: MINIMUM_LIFETIME,
    mustGain: mustGain(job),
    ...(state.current === undefined ? {} : { current: state.current }),
  });
  for (const message of verified.warnings) job.say({ kind: "pair_warning", message });
  job.carry.unpublished = signed;
  return verified;
}
