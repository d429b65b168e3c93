import type { Millis } from "./units.ts";

/**
 * Everything that can go wrong, as a closed set: the same words are metric labels, the `reason` field of the log,
 * the reasons in `status`, and the anchors of docs/operations.md.
 */
export const REASONS = [
  // Reaching the issuer.
  "dns", // its name does not resolve
  "connect", // refused, unreachable, reset before an answer
  "tls", // its certificate or our trust in it
  "timeout", // no answer inside the deadline
  "bad_response", // an answer that is not Vault's: HTML, truncated JSON, too large, `data: null`
  "sealed", // 503 sealed
  "overloaded", // 503, 502, 504 that is not a seal
  "standby", // 472, 473, 474, or a redirect to a host that is not configured
  "uninitialised", // 501
  "not_consistent", // 412: replication has not caught up
  "quota", // 429
  "server_error", // any other 5xx
  // Being allowed.
  "credential_missing", // a secret-id, token, password or client certificate file that is absent or empty
  "login_denied", // the auth method said no
  "wrap_consumed", // a wrapping token that somebody has used already
  "wrap_mismatch", // a wrapping token created by another path than the expected one
  "token_invalid", // 403, and the token itself is dead
  "permission_denied", // 403, and the token is alive: a policy problem
  "mount_missing", // 404, or no handler for the path
  // The request.
  "role_missing",
  "issuer_missing",
  "key_denied", // the role does not take this key type or length
  "name_denied", // the role does not allow a name
  "request_denied", // any other 400
  // What came back (domain/verify.ts).
  "bad_certificate", // does not parse
  "key_mismatch", // leaf of another key
  "chain_broken", // a signature does not hold, or a link is missing
  "chain_untrusted", // it ends at a root that is not in the bundle
  "ca_invalid", // a CA that is none, or is expired
  "name_missing", // a name that was asked for is not in the leaf
  "name_extra", // the leaf holds a name that was not asked for
  "usage_wrong", // key usage or extended key usage
  "not_yet_valid",
  "expired",
  "lifetime_short",
  "serial_reused",
  "weak_signature",
  "no_gain", // same request, same rung, does not end later than the current one
  "no_trust", // no root is known: trust.roots is missing and the mount has none
  // The disk.
  "target_missing", // the parent of the output directory does not exist
  "target_denied", // EACCES, EPERM, EROFS on the output
  "target_unsafe", // a symlink or a file where a directory belongs; a mounted single file
  "target_replaced", // the directory was re-created or mounted over during the commit
  "target_foreign", // another leafd owns this directory
  "group_denied", // chown or chgrp that this user may not do
  "disk_full", // ENOSPC, EDQUOT, no inodes
  "io_error", // EIO, a read-back that differs
  "pair_damaged", // what is on disk does not fit its manifest, or does not verify
  "state_locked", // another leafd holds the state directory
  // The dependent.
  "reload_failed", // ran and said no: exit code, HTTP status, unit failed
  "reload_timeout",
  "reload_target", // there is nobody to tell, in a way that is an error: no such unit, unsafe pid file
  "not_live", // it was told, and serves another certificate
  "probe_failed", // what it serves cannot be seen
  "dependent_broken", // its own check fails with the pair before as well
  "dependent_refused", // its own check fails with the new pair only
  // leafd itself.
  "budget_exhausted",
  "config_invalid",
  "listen_failed", // an address that leafd was told to listen on cannot be had
  "cancelled",
  "internal",
] as const;

export type Reason = (typeof REASONS)[number];

/** Reasons that say something about an address, and nothing about what was asked there. */
export const UNREACHABLE: ReadonlySet<Reason> = new Set<Reason>([
  "dns",
  "connect",
  "tls",
  "timeout",
  "bad_response",
  "sealed",
  "overloaded",
  "standby",
  "uninitialised",
]);

interface LeafdErrorOptions {
  /** What to do about it, one sentence in the imperative. */
  readonly hint?: string;
  /** How long the other side asked us to wait (`Retry-After`). */
  readonly retryAfter?: Millis;
  /** Must not hold a secret: causes are logged. */
  readonly cause?: unknown;
}

/** The one error that crosses a port: a reason for machines, a message for people, a hint that says what to do. */
export class LeafdError extends Error {
  override readonly name = "LeafdError";
  readonly reason: Reason;
  readonly hint: string | undefined;
  readonly retryAfter: Millis | undefined;

  constructor(reason: Reason, message: string, options: LeafdErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.hint = options.hint;
    this.retryAfter = options.retryAfter;
  }
}

/** Any thrown value as a LeafdError: aborts become `cancelled`, what nobody expected becomes `internal`. */
export function toLeafdError(thrown: unknown): LeafdError {
  if (thrown instanceof LeafdError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError")
    return new LeafdError("cancelled", "stopped before it ended");
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LeafdError("internal", message, { cause: thrown });
}
