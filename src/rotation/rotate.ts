import { budgetOpensAt, issuanceBudget } from "../domain/backoff.ts";
import { bundlePem, contentHash } from "../domain/bundle.ts";
import { type Certificate, parseCertificate, parseCertificates } from "../domain/certificate.ts";
import { LeafdError } from "../domain/errors.ts";
import { requestHash } from "../domain/request.ts";
import { DEFAULT_TTL_GUESS } from "../domain/schedule.ts";
import type { Secret } from "../domain/secret.ts";
import { formatTime, type Millis, SECOND } from "../domain/units.ts";
import { type VerifiedBundle, verifyPair } from "../domain/verify.ts";
import type { Job, Signed } from "./job.ts";
import type { SignedReply, SignOrder } from "./ports.ts";
import { publish, republish } from "./publish.ts";

/*
 * One rotation of one service, from top to bottom:
 *
 *     preflight → budget → trust → key and CSR → sign → verify → store
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
  const roots = await ports.trust.bundle(issuer, signal);
  if (bundleChanged(job, roots)) {
    // Peers must know a root before they meet a leaf that chains to it: the bundle goes out alone, then the loop comes back.
    await republish(job, "trust_changed");
    return;
  }
  refuseWithoutGain(job);
  const signed = usable(job) ?? (await issue(job, signal));

  job.stage = "verify";
  const verified = prove(job, signed, roots);

  job.stage = "store";
  await publish(job, { verified, signed, roots });
  job.carry.unpublished = undefined;
}

function bundleChanged(job: Job, roots: readonly Certificate[]): boolean {
  const { current } = job.state;
  return current !== undefined && current.trustHash !== contentHash(bundlePem(roots));
}

/** A fixed end that the current pair has reached already: another certificate would be the same again. */
function refuseWithoutGain({ spec, state, cause }: Job): void {
  const { notAfter } = spec.request;
  if (cause !== "renewal_due" || notAfter === undefined || (state.current?.notAfter ?? 0) < notAfter - SECOND) return;
  throw new LeafdError(
    "no_gain",
    `the current certificate ends at ${formatTime(notAfter)} already, as notAfter demands`,
    {
      hint: "Set a later notAfter, or a ttl instead of it.",
    },
  );
}

/** A certificate that an earlier try was given and could not store, if it answers the request as it is now. */
function usable(job: Job): Signed | undefined {
  const { unpublished } = job.carry;
  return unpublished?.requestHash === requestHash(job.spec.request, job.issuer.identity) ? unpublished : undefined;
}

async function issue(job: Job, signal: AbortSignal): Promise<Signed> {
  const { spec, issuer, ports, say } = job;
  const { request } = spec;
  const ownKey = spec.issuers[0].method === "sign" ? await keyFor(job) : undefined;
  const order: SignOrder = {
    names: request.names,
    key: request.key,
    ...(ownKey === undefined ? {} : { csr: ports.keys.request(ownKey, request.names) }),
    ...(request.ttl === undefined ? {} : { ttl: request.ttl }),
    ...(request.notAfter === undefined ? {} : { notAfter: request.notAfter }),
  };
  const began = ports.clock.monotonic();
  const reply = await spend(job, () => issuer.sign(order, signal), signal);
  const privateKey = ownKey ?? reply.privateKey;
  if (privateKey === undefined) {
    throw new LeafdError("bad_response", `issuer "${issuer.name}" answered without a private key`);
  }
  const { warnings, receivedAt } = reply;
  const leaf = parseCertificate(reply.leaf);
  const { serial, notAfter } = leaf;
  say({ kind: "issued", issuer: issuer.name, serial, notAfter, took: ports.clock.monotonic() - began, warnings });
  const got = notAfter - receivedAt;
  if (request.ttl !== undefined && got < request.ttl * 0.98 - 2 * SECOND) {
    say({ kind: "ttl_clipped", issuer: issuer.name, asked: request.ttl, got });
  }
  const chain = parseCertificates(reply.chain.join("\n"));
  const signed = { leaf, chain, privateKey, receivedAt, requestHash: requestHash(request, issuer.identity) };
  if (!reply.leased) return signed;
  const message = `the role ${spec.issuers[0].role} has generate_lease=true: the end of leafd's token would revoke this certificate`;
  say({ kind: "leased_certificate", issuer: issuer.name, message });
  return reply.tokenEnds === undefined ? signed : { ...signed, leaseEnds: reply.tokenEnds };
}

/**
 * Asks the issuer out of the budget. It is written down before, so that a crash meanwhile counts, and taken back when no
 * certificate came: what keeps a failing issuer from being stormed is the backoff, and an outage must not spend what is
 * needed after it.
 */
async function spend(job: Job, ask: () => Promise<SignedReply>, signal: AbortSignal): Promise<SignedReply> {
  const { ledger, clock } = job.ports;
  refuseOverBudget(job);
  const at = clock.now();
  ledger.record(job.spec.name, at);
  try {
    return await ask();
  } catch (thrown) {
    if (!signal.aborted) ledger.forget(job.spec.name, at);
    throw thrown;
  }
}

function refuseOverBudget(job: Job): void {
  const { spec, ports, state } = job;
  const { current } = state;
  const now = ports.clock.now();
  const asked = (spec.request.ttl ?? DEFAULT_TTL_GUESS) * spec.renewAt;
  const interval =
    current === undefined ? asked : Math.min(asked, current.due - Math.max(current.notBefore, current.receivedAt));
  const budget = issuanceBudget(interval);
  const opensAt = budgetOpensAt(ports.ledger.recent(spec.name), budget, now);
  if (opensAt !== undefined) {
    throw new LeafdError(
      "budget_exhausted",
      `${budget} certificates were issued for this service within the last hour, which is its budget`,
      {
        hint: `Find out why they did not serve (see the events before this one); the next one may be issued at ${formatTime(opensAt)}.`,
        retryAfter: opensAt - now,
      },
    );
  }
}

/** A new key, or with `reuseKey` the one that is published when it is of the algorithm asked for. */
async function keyFor(job: Job): Promise<Secret<string>> {
  const { spec, ports, state } = job;
  if (spec.request.reuseKey && state.current !== undefined) {
    const found = await ports.store.inspect(spec.output);
    if (found.kind === "pair" && parseCertificate(found.material.certificate).keyAlgorithm === spec.request.key) {
      return found.material.privateKey;
    }
  }
  return ports.keys.generate(spec.request.key);
}

/** Proves the pair; what cannot be proved is dropped here and never reaches the disk. */
function prove(job: Job, signed: Signed, roots: readonly Certificate[]): VerifiedBundle {
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
    // Only a renewal must gain time: another request, or a wish by hand, is answered by another certificate.
    mustGain: job.cause === "renewal_due",
    ...(state.current === undefined ? {} : { current: state.current }),
  });
  for (const message of verified.warnings) job.say({ kind: "pair_warning", message });
  job.carry.unpublished = signed;
  return verified;
}
