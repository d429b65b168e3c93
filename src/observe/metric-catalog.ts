/*
 * Every metric there is: what docs/metrics.md lists, word for word. Labels hold names from the configuration and words
 * of closed sets, nothing else; serial and fingerprint stand on one series, which goes when the certificate goes. Reasons
 * are counted per issuer, cluster or method: a service has at most 12 series.
 */

export interface Definition<Type extends string = "gauge" | "counter" | "histogram"> {
  readonly type: Type;
  readonly labels: readonly string[];
  readonly help: string;
}

const gauge = (help: string, ...labels: string[]): Definition<"gauge"> => ({ type: "gauge", labels, help });
const counter = (help: string, ...labels: string[]): Definition<"counter"> => ({ type: "counter", labels, help });
const histogram = (help: string, ...labels: string[]): Definition<"histogram"> => ({ type: "histogram", labels, help });

export const METRICS = {
  // One service.
  leafd_certificate_not_before_timestamp_seconds: gauge("When the certificate on disk begins.", "service"),
  leafd_certificate_not_after_timestamp_seconds: gauge("When the certificate on disk ends.", "service"),
  leafd_certificate_renewal_due_timestamp_seconds: gauge(
    "When renewal of the certificate on disk first came due, or will.",
    "service",
  ),
  leafd_certificate_info: gauge("1 for the certificate on disk.", "service", "issuer", "rung", "serial", "fingerprint"),
  leafd_certificate_valid: gauge(
    "1 while the certificate on disk is in force, 0 when there is none or it has ended.",
    "service",
  ),
  leafd_last_success_timestamp_seconds: gauge(
    "When the stage last succeeded: issue, store, reload, confirm; absent of one that has not, as far as is known.",
    "service",
    "stage",
  ),
  leafd_consecutive_failures: gauge("Failures since the last success, of any stage.", "service"),
  leafd_served_matches_disk: gauge(
    "1 while dependents are known to serve the certificate on disk, 0 while a reload is owed or a probe sees another one; absent while nobody can tell.",
    "service",
    "known_by",
  ),
  leafd_next_action_timestamp_seconds: gauge("When leafd does something next about the service.", "service"),
  // One issuer.
  leafd_issuance_attempts_total: counter("Requests for a certificate: issued or failed.", "issuer", "result"),
  leafd_rotation_failures_total: counter("Rotations that failed, at any stage before the reload.", "issuer", "reason"),
  leafd_issuer_circuit_changes_total: counter(
    "Changes of the circuit of an issuer: open, half_open, closed.",
    "issuer",
    "state",
  ),
  leafd_issuer_up: gauge(
    "1 while the issuer may be asked, or looks well and nobody needs it; 0 while it is away.",
    "issuer",
  ),
  leafd_issuing_ca_not_after_timestamp_seconds: gauge(
    "When the first CA ends in the chain of the newest certificate from the issuer, its root included.",
    "issuer",
  ),
  leafd_issuance_duration_seconds: histogram("How long the issuer took for each certificate that it issued.", "issuer"),
  leafd_reserves_total: counter("Reserves that were issued, or not.", "issuer", "result"),
  leafd_revocations_total: counter(
    "Certificates that were revoked after they had been replaced, or not.",
    "issuer",
    "result",
  ),
  leafd_ttl_clipped_total: counter("Certificates issued for less time than was asked.", "issuer"),
  leafd_leased_certificates_total: counter(
    "Certificates issued with a lease, which the end of the token would revoke.",
    "issuer",
  ),
  leafd_root_changes_total: counter("Roots added to the trust bundle, held back or removed.", "issuer", "change"),
  // One cluster.
  leafd_cluster_up: gauge("1 while the cluster answers, 0 while it does not; absent until it was asked.", "cluster"),
  leafd_logins_total: counter("Logins: ok or failed.", "cluster", "result"),
  leafd_login_failures_total: counter("Logins that failed.", "cluster", "reason"),
  leafd_token_renewals_total: counter("Token renewals that succeeded.", "cluster"),
  leafd_tokens_ended_total: counter("Tokens that could not be kept and were replaced by a login.", "cluster", "why"),
  leafd_token_expiry_timestamp_seconds: gauge("When the token ends unless it is renewed.", "cluster"),
  // All services.
  leafd_services: gauge("Services by how they stand: the word that matters most.", "state"),
  leafd_services_on_rung: gauge("Services with a certificate, by the rung of the ladder that it came from.", "rung"),
  leafd_services_survive_unmet: gauge(
    "Services whose certificate lives too short for the outage that they must outlive.",
  ),
  leafd_services_reserve_missing: gauge("Services with a reserve in their configuration, and none held that is valid."),
  leafd_services_budget_spent: gauge("Services that have cost as many certificates within an hour as they may."),
  leafd_services_paused: gauge("Services that an operator has paused."),
  leafd_trust_bundle_not_after_timestamp_seconds: gauge("When the first certificate of a published trust bundle ends."),
  leafd_publications_total: counter("Certificates published, by what caused it.", "cause"),
  leafd_reloads_total: counter("Reloads of dependents: ok or failed.", "method", "result"),
  leafd_reload_failures_total: counter("Reloads of dependents that failed.", "method", "reason"),
  leafd_reload_to_served_seconds: histogram(
    "From the first reload of a pair, or from its publication where dependents look by themselves, until a probe saw all of them serve it.",
  ),
  leafd_repairs_total: counter(
    "Pairs on disk that had been changed or deleted by somebody else, and were mended.",
    "cause",
  ),
  leafd_proofs_total: counter("Looks at what dependents serve that came to an end: live, not_live, unknown.", "result"),
  leafd_escalations_total: counter("Steps of escalate that were carried out, by method.", "method"),
  leafd_rollbacks_total: counter("Pairs taken back because a dependent refused them."),
  leafd_windows_yielded_total: counter("Reloads outside of the windows, because a pair would have ended before."),
  leafd_ladder_changes_total: counter(
    "Pairs that came from another rung than the one before: primary, failover, reserve.",
    "to",
  ),
  leafd_expiries_total: counter("Pairs that ended without another, by what is done then.", "action"),
  // The process.
  leafd_build_info: gauge("1; the versions of leafd and Node.js.", "version", "node"),
  leafd_config_reloads_total: counter("Configurations read: ok or rejected.", "result"),
  leafd_config_last_reload_successful: gauge(
    "0 while the newest configuration is refused and an older one is in force.",
  ),
  leafd_config_loaded_timestamp_seconds: gauge("When the configuration in force was loaded."),
  leafd_clock_doubted_total: counter("Times that the wall clock was no longer believed."),
  leafd_clock_skew_seconds: gauge(
    "How far the server's clock is ahead of the wall clock; absent until it has said its time.",
  ),
  leafd_scheduler_last_tick_timestamp_seconds: gauge("When the scheduler last ran; it does every 30 s at least."),
  leafd_scheduler_lag_seconds: gauge("The longest that the scheduler was late within the last minute or two."),
  process_start_time_seconds: gauge("When the process began."),
  process_cpu_seconds_total: counter("User and system CPU time."),
  process_resident_memory_bytes: gauge("Resident memory."),
  process_open_fds: gauge("Open file descriptors."),
  nodejs_heap_size_used_bytes: gauge("Used part of the JavaScript heap."),
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof METRICS;

export type HistogramName = {
  [Name in MetricName]: (typeof METRICS)[Name]["type"] extends "histogram" ? Name : never;
}[MetricName];

/** Upper bounds in seconds, ascending: few, because each is a series. */
export const BUCKETS: Readonly<Record<HistogramName, readonly number[]>> = {
  leafd_issuance_duration_seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  leafd_reload_to_served_seconds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
};

export interface Sample {
  readonly metric: MetricName;
  /** Of a histogram: which of its series. */
  readonly part?: "bucket" | "sum" | "count";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
