import { retryDelay } from "../domain/backoff.ts";
import { parseCertificate } from "../domain/certificate.ts";
import type { Superseded } from "../domain/events.ts";
import { failureOf } from "./attempt.ts";
import type { Work } from "./job.ts";

/**
 * Revokes the certificate that was replaced, now that the new one is live. It is sent whole, so that a role that stores
 * nothing can revoke too. One that is over, or no longer on disk, is let go; so is a reserve that may serve again.
 */
export async function revoke(work: Work, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, issuers, say } = work;
  const { superseded } = state;
  if (superseded === undefined) return;
  const { serial, issuer: name, notAfter } = superseded;
  const about = { issuer: name, serial };
  const now = ports.clock.now();
  const failures = (state.revokeTrouble?.failures ?? 0) + 1;
  try {
    const before = await ports.store.previous(spec.output);
    const issuer = issuers.find((each) => each.name === name);
    const message = reasonNot(work, superseded);
    if (message !== undefined || issuer === undefined || before?.manifest.serial !== serial) {
      const final = { message: message ?? "its files or its issuer are gone", final: true } as const;
      say({ kind: "revoke_failed", ...about, reason: "cancelled", failures, retryAt: now, ...final });
      return;
    }
    await issuer.revoke(parseCertificate(before.material.certificate).pem, signal);
    say({ kind: "revoked", ...about });
  } catch (thrown) {
    signal.throwIfAborted();
    const { error, fields } = failureOf(thrown);
    const { reason, retryAfter } = error;
    const retryAt =
      now + retryDelay({ reason, count: failures, retryAfter }, notAfter - now, work.chance("revoke", failures));
    say({ kind: "revoke_failed", ...about, ...fields, failures, retryAt });
  }
}

/** Why it must not be revoked, or need not be. */
function reasonNot({ state, ports }: Work, { serial, notAfter }: Superseded): string | undefined {
  if (notAfter <= ports.clock.now()) return "it has ended";
  if (serial === state.reserve?.serial) return "it is kept as the reserve";
  return serial === state.current?.serial ? "it is in use" : undefined;
}
