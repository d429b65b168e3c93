import { retryDelay } from "../domain/backoff.ts";
import { parseCertificate } from "../domain/certificate.ts";
import { failureOf, type Job } from "./job.ts";

/**
 * Revokes the certificate that was replaced, now that the new one is live. It is sent whole, so that a role that stores
 * nothing can revoke too. One that is over, or no longer on disk, is let go.
 */
export async function revoke(job: Job, chance: (count: number) => number, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, issuers, say } = job;
  const { superseded } = state;
  if (superseded === undefined) return;
  const { serial, issuer: name, notAfter } = superseded;
  const about = { issuer: name, serial };
  const now = ports.clock.now();
  const failures = (state.revokeTrouble?.failures ?? 0) + 1;
  try {
    const before = await ports.store.previous(spec.output);
    const issuer = issuers.find((each) => each.name === name);
    if (issuer === undefined || before?.manifest.serial !== serial || notAfter <= now) {
      const message = notAfter <= now ? "it has ended" : "its files or its issuer are gone";
      say({ kind: "revoke_failed", ...about, reason: "cancelled", message, failures, retryAt: now, final: true });
      return;
    }
    await issuer.revoke(parseCertificate(before.material.certificate).pem, signal);
    say({ kind: "revoked", ...about });
  } catch (thrown) {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const { reason, retryAfter } = error;
    const retryAt = now + retryDelay({ reason, count: failures, retryAfter }, notAfter - now, chance(failures));
    say({ kind: "revoke_failed", ...about, ...fields, failures, retryAt });
  }
}
