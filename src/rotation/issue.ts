import { budgetOpensAt } from "../domain/budget.ts";
import { parseCertificate, parseCertificates } from "../domain/certificate.ts";
import { isAway } from "../domain/circuit.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { requestHash } from "../domain/request.ts";
import type { Secret } from "../domain/secret.ts";
import type { SignedReply, SignOrder } from "../domain/sign-order.ts";
import { formatDuration, formatTime, SECOND } from "../domain/units.ts";
import type { Job, Signed } from "./job.ts";

/*
 * One certificate from one issuer: key and CSR → budget → sign. What comes back is not proved yet.
 */

/** Has a certificate signed for a key of ours. Rejects with a reason of the issuer, or `budget_exhausted`. */
export async function issue(job: Job, signal: AbortSignal): Promise<Signed> {
  const { spec, issuer, ports, say } = job;
  const { request } = spec;
  refuseBornOver(job);
  const ownKey = issuer.method === "sign" ? await keyFor(job) : undefined;
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
  const message = `the role of issuer "${issuer.name}" has generate_lease=true: the end of leafd's token would revoke this certificate`;
  say({ kind: "leased_certificate", issuer: issuer.name, message });
  return reply.tokenEnds === undefined ? signed : { ...signed, leaseEnds: reply.tokenEnds };
}

/**
 * By our clock a certificate would be over before it arrives: each that is asked for would be wasted, and the clock is
 * what has to be set right.
 */
function refuseBornOver({ spec, ports }: Job): void {
  const { ttl } = spec.request;
  const skew = ports.skew();
  if (ttl === undefined || skew + ttl > 0) return;
  const message = `our clock is ${formatDuration(-skew)} ahead of the server's: a certificate for ${formatDuration(ttl)} would have ended already`;
  throw new LeafdError("expired", message, { hint: "Set the clock of this host right, or that of the server." });
}

/**
 * Asks the issuer out of the budget. It is written down before, so that a crash meanwhile counts, and taken back when no
 * certificate came: what keeps a failing issuer from being stormed is the backoff, and an outage must not spend what is
 * needed after it. What came of it is reported to the circuit of the issuer.
 */
async function spend(job: Job, ask: () => Promise<SignedReply>, signal: AbortSignal): Promise<SignedReply> {
  const { ledger, clock } = job.ports;
  if (!job.state.force) refuseOverBudget(job);
  const at = clock.now();
  ledger.record(job.spec.name, at);
  try {
    const reply = await reach(job, ask, signal);
    job.report({ kind: "ok" });
    return reply;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    ledger.forget(job.spec.name, at);
    if (!isAway(toLeafdError(thrown).reason)) job.report({ kind: "refused" });
    throw thrown;
  }
}

/** Asks the issuer for something. That it is away is reported to its circuit. */
export async function reach<T>(
  { report }: Pick<Job, "report">,
  ask: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    const { reason } = toLeafdError(thrown);
    if (!signal.aborted && isAway(reason)) report({ kind: "away", reason });
    throw thrown;
  }
}

function refuseOverBudget({ spec, ports, budget }: Job): void {
  const now = ports.clock.now();
  const opensAt = budgetOpensAt(ports.ledger.recent(spec.name), budget, now);
  if (opensAt === undefined) return;
  const message = `${budget} certificates were issued for this service within the last hour, which is its budget`;
  throw new LeafdError("budget_exhausted", message, {
    hint: `Find out why they did not serve (see the events before this one); the next one may be issued at ${formatTime(opensAt)}.`,
    retryAfter: opensAt - now,
  });
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
