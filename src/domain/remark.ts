import type { Reason } from "./errors.ts";

/**
 * What `check` can say, as a closed set: the same words are in its output, in `--ignore`, and the anchors of
 * docs/check.md. What fails on the way to a server has its reason for a code instead.
 */
export const REMARK_CODES = [
  // The configuration.
  "token_in_config",
  "cluster_unused",
  "default_idle",
  "window_invalid",
  "long_lived",
  "shared_certificate",
  "probe_missing",
  "alert_late",
  // This machine.
  "machine_skipped",
  "user_skipped",
  "file_unreadable",
  "anchors_invalid",
  "anchor_not_root",
  "anchor_ends_first",
  "directory_unwritable",
  "state_open",
  "socket_path_long",
  "account_unknown",
  "group_shut_out",
  "key_readable",
  "credential_readable",
  "output_volatile",
  // The servers.
  "clock_skew",
  "login_skipped",
  "ca_missing",
  "root_unknown",
  "root_signs_leaves",
  "ca_ends_first",
  "rights_unseen",
  "role_unread",
  "role_leases",
  "role_wide",
  "ttl_capped",
  "survive_unmet",
  "key_type_refused",
  "name_refused",
] as const;

export type RemarkCode = (typeof REMARK_CODES)[number];

/** Something that is not as it should be, or that was not looked at. */
export interface Complaint {
  /** `skipped`: nothing is known, good or bad; the hint says how it can be. */
  readonly severity: "skipped" | "warning" | "error";
  readonly code: RemarkCode | Reason;
  /** What was looked at: `service web`, `https://vault:8200`, `issuer main`. */
  readonly subject: string;
  readonly message: string;
  /** What to do, one sentence. */
  readonly hint?: string;
  /** The setting to correct, such as `["vault", "address", 0]`. */
  readonly path?: readonly (string | number)[];
}

/** One thing that a look at the configuration, at this machine or at the servers showed. */
export type Remark = Complaint | { readonly severity: "ok"; readonly subject: string; readonly message: string };
