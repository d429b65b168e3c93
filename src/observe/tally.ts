import { REASONS, type Reason } from "../domain/errors.ts";
import type { ReloadMethod } from "../domain/events/delivery.ts";
import { CAUSES, DRIFTS, type RotationEvent } from "../domain/events.ts";
import { RUNG_NAMES } from "../domain/manifest.ts";
import type { Emit } from "../rotation/ports.ts";
import { Histogram } from "./histogram.ts";
import type { MetricName, Sample } from "./metric-catalog.ts";
import { ServedTimer } from "./served-timer.ts";

/*
 * Counts events for the metrics. It needs no library, so that counting begins with the first event, long before
 * anybody scrapes and the library is loaded.
 */

type Kind = RotationEvent["kind"];
type EventByKind = { readonly [K in Kind]: Extract<RotationEvent, { readonly kind: K }> };
type Count = readonly [metric: MetricName, labels: Sample["labels"]];

export interface Tally {
  readonly emit: Emit;
  /** All counts so far; those of closed sets are there from the start, at 0, for these issuers and clusters. */
  samples(known: { readonly issuers: Iterable<string>; readonly clusters: Iterable<string> }): Sample[];
}

const METHODS: readonly ReloadMethod[] = ["signal", "exec", "systemd", "http", "touch"];
const RELOAD_REASONS: readonly Reason[] = ["reload_failed", "reload_timeout", "reload_target"];
/** Of leafd as a whole, which no rotation fails with. */
const PROCESS_REASONS: readonly Reason[] = ["config_invalid", "listen_failed", "state_locked"];
const ROTATION_REASONS = REASONS.filter((reason) => ![...RELOAD_REASONS, ...PROCESS_REASONS].includes(reason));
/** Those of reaching the issuer and of being allowed: the first two groups of REASONS. */
const LOGIN_REASONS = REASONS.slice(0, REASONS.indexOf("mount_missing") + 1);
const ENDS: readonly EventByKind["token_ending"]["why"][] = ["not_renewable", "max_ttl", "renew_failed", "invalid"];

/** What each kind of event counts as. An attempt is one that reached the issuer: a spent budget is none. */
const COUNTS: { readonly [K in Kind]?: (event: EventByKind[K]) => readonly Count[] } = {
  issued: ({ issuer }) => [["leafd_issuance_attempts_total", { issuer, result: "issued" }]],
  ttl_clipped: ({ issuer }) => [["leafd_ttl_clipped_total", { issuer }]],
  published: ({ cause, mends }) => [
    ["leafd_publications_total", { cause }],
    ...(mends === undefined ? [] : [["leafd_repairs_total", { cause: mends }] as const]),
  ],
  rotation_failed: ({ issuer, reason, stage }) => [
    ["leafd_rotation_failures_total", { issuer, reason }],
    ...(stage === "issue" && reason !== "budget_exhausted"
      ? [["leafd_issuance_attempts_total", { issuer, result: "failed" }] as const]
      : []),
  ],
  reloaded: ({ method }) => [["leafd_reloads_total", { method, result: "ok" }]],
  reload_failed: ({ method, reason }) => [
    ["leafd_reloads_total", { method, result: "failed" }],
    ["leafd_reload_failures_total", { method, reason }],
  ],
  confirmed: () => [["leafd_proofs_total", { result: "live" }]],
  proof_failed: ({ outcome }) => [["leafd_proofs_total", { result: outcome }]],
  escalated: ({ method }) => [["leafd_escalations_total", { method }]],
  rolled_back: () => [["leafd_rollbacks_total", {}]],
  window_yielded: () => [["leafd_windows_yielded_total", {}]],
  rung_changed: ({ to }) => [["leafd_ladder_changes_total", { to }]],
  expired: ({ action }) => [["leafd_expiries_total", { action }]],
  reserved: ({ leaf, fresh }) => (fresh ? [["leafd_reserves_total", { issuer: leaf.issuer, result: "issued" }]] : []),
  reserve_failed: ({ issuer }) => [["leafd_reserves_total", { issuer, result: "failed" }]],
  revoked: ({ issuer }) => [["leafd_revocations_total", { issuer, result: "ok" }]],
  revoke_failed: ({ issuer }) => [["leafd_revocations_total", { issuer, result: "failed" }]],
  issuer_circuit: ({ issuer, state }) => [["leafd_issuer_circuit_changes_total", { issuer, state }]],
  config_loaded: () => [["leafd_config_reloads_total", { result: "ok" }]],
  config_rejected: () => [["leafd_config_reloads_total", { result: "rejected" }]],
  logged_in: ({ cluster }) => [["leafd_logins_total", { cluster, result: "ok" }]],
  login_failed: ({ cluster, reason }) => [
    ["leafd_logins_total", { cluster, result: "failed" }],
    ["leafd_login_failures_total", { cluster, reason }],
  ],
  token_renewed: ({ cluster }) => [["leafd_token_renewals_total", { cluster }]],
  token_ending: ({ cluster, why }) => [["leafd_tokens_ended_total", { cluster, why }]],
  root_added: ({ issuer }) => [["leafd_root_changes_total", { issuer, change: "added" }]],
  root_held: ({ issuer }) => [["leafd_root_changes_total", { issuer, change: "held" }]],
  root_removed: ({ issuer }) => [["leafd_root_changes_total", { issuer, change: "removed" }]],
  clock_doubted: () => [["leafd_clock_doubted_total", {}]],
  leased_certificate: ({ issuer }) => [["leafd_leased_certificates_total", { issuer }]],
};

/** Counts events for the metrics, from zero: a counter lives as long as the process. */
export function createTally(): Tally {
  const counts = new Map<string, Sample>();
  const add = ([metric, labels]: Count, by: number): void => {
    const key = `${metric}${JSON.stringify(labels)}`;
    counts.set(key, { metric, labels, value: (counts.get(key)?.value ?? 0) + by });
  };
  const issuance = new Histogram("leafd_issuance_duration_seconds");
  const toServed = new Histogram("leafd_reload_to_served_seconds");
  const timer = new ServedTimer();
  return {
    emit(event) {
      for (const count of countsOf(event.kind, event)) add(count, 1);
      if (event.kind === "issued") issuance.observe({ issuer: event.issuer }, event.took);
      const took = timer.take(event);
      if (took !== undefined) toServed.observe({}, took);
    },
    samples({ issuers, clusters }) {
      for (const zero of zeros(issuers, clusters)) add(zero, 0);
      const known = [...issuers].map((issuer) => ({ issuer }));
      return [...counts.values(), ...issuance.samples(known), ...toServed.samples([{}])];
    },
  };
}

function countsOf<K extends Kind>(kind: K, event: EventByKind[K]): readonly Count[] {
  return COUNTS[kind]?.(event) ?? [];
}

function* zeros(issuers: Iterable<string>, clusters: Iterable<string>): Generator<Count> {
  for (const cause of CAUSES) yield ["leafd_publications_total", { cause }];
  for (const cause of DRIFTS) yield ["leafd_repairs_total", { cause }];
  for (const result of ["ok", "rejected"]) yield ["leafd_config_reloads_total", { result }];
  for (const result of ["live", "not_live", "unknown"]) yield ["leafd_proofs_total", { result }];
  for (const to of RUNG_NAMES) yield ["leafd_ladder_changes_total", { to }];
  for (const action of ["keep", "stop", "exec"]) yield ["leafd_expiries_total", { action }];
  yield ["leafd_rollbacks_total", {}];
  yield ["leafd_windows_yielded_total", {}];
  yield ["leafd_clock_doubted_total", {}];
  for (const method of METHODS) {
    yield ["leafd_escalations_total", { method }];
    for (const result of ["ok", "failed"]) yield ["leafd_reloads_total", { method, result }];
    for (const reason of RELOAD_REASONS) yield ["leafd_reload_failures_total", { method, reason }];
  }
  for (const issuer of issuers) {
    for (const result of ["issued", "failed"]) yield ["leafd_issuance_attempts_total", { issuer, result }];
    for (const reason of ROTATION_REASONS) yield ["leafd_rotation_failures_total", { issuer, reason }];
    for (const change of ["added", "held", "removed"]) yield ["leafd_root_changes_total", { issuer, change }];
    for (const state of ["open", "half_open", "closed"])
      yield ["leafd_issuer_circuit_changes_total", { issuer, state }];
    for (const result of ["issued", "failed"]) yield ["leafd_reserves_total", { issuer, result }];
    for (const result of ["ok", "failed"]) yield ["leafd_revocations_total", { issuer, result }];
    yield ["leafd_ttl_clipped_total", { issuer }];
    yield ["leafd_leased_certificates_total", { issuer }];
  }
  for (const cluster of clusters) {
    for (const result of ["ok", "failed"]) yield ["leafd_logins_total", { cluster, result }];
    for (const reason of LOGIN_REASONS) yield ["leafd_login_failures_total", { cluster, reason }];
    for (const why of ENDS) yield ["leafd_tokens_ended_total", { cluster, why }];
    yield ["leafd_token_renewals_total", { cluster }];
  }
}
