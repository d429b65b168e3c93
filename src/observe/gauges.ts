import {
  type ClusterStatus,
  type DaemonStatus,
  hasValidPair,
  type IssuerStatus,
  type ServiceStatus,
} from "../domain/status.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { MetricName, Sample } from "./metric-catalog.ts";

type Value = readonly [metric: MetricName, value: number | undefined, labels?: Sample["labels"]];

/** What the status says, as samples; what is not known has none. */
export function statusSamples(status: DaemonStatus, now: EpochMillis): Sample[] {
  return [
    ...samples(daemonValues(status)),
    ...status.clusters.flatMap((cluster) => samples(clusterValues(cluster), { cluster: cluster.name })),
    ...status.issuers.flatMap((issuer) => samples(issuerValues(issuer), { issuer: issuer.name })),
    ...status.services.flatMap((service) => samples(serviceValues(service, now), { service: service.name })),
  ];
}

function daemonValues({ version, startedAt, configLoadedAt, configError, clock, services }: DaemonStatus): Value[] {
  return [
    ["leafd_build_info", 1, { version, node: process.version }],
    ["leafd_config_last_reload_successful", configError === undefined ? 1 : 0],
    ["leafd_config_loaded_timestamp_seconds", seconds(configLoadedAt)],
    ["leafd_services_survive_unmet", services.filter(({ surviveUnmet }) => surviveUnmet).length],
    ["leafd_services_paused", services.filter(({ pausedUntil }) => pausedUntil !== undefined).length],
    ["leafd_clock_skew_seconds", seconds(clock?.skew)],
    ["process_start_time_seconds", seconds(startedAt)],
  ];
}

function clusterValues({ up, tokenExpires }: ClusterStatus): Value[] {
  return [
    ["leafd_cluster_up", up === undefined ? undefined : Number(up)],
    ["leafd_token_expiry_timestamp_seconds", seconds(tokenExpires)],
  ];
}

function issuerValues({ circuit }: IssuerStatus): Value[] {
  return [["leafd_issuer_up", Number(circuit === "closed")]];
}

function serviceValues(service: ServiceStatus, now: EpochMillis): Value[] {
  const { serial, fingerprint, issuer, rung, lastSuccess } = service;
  return [
    ["leafd_certificate_not_before_timestamp_seconds", seconds(service.notBefore)],
    ["leafd_certificate_not_after_timestamp_seconds", seconds(service.notAfter)],
    ["leafd_certificate_renewal_due_timestamp_seconds", seconds(service.due)],
    [
      "leafd_certificate_info",
      serial && fingerprint ? 1 : undefined,
      { issuer, rung: rung ?? "", serial: serial ?? "", fingerprint: fingerprint ?? "" },
    ],
    ["leafd_certificate_valid", Number(hasValidPair(service, now))],
    ["leafd_last_success_timestamp_seconds", seconds(lastSuccess.issue), { stage: "issue" }],
    ["leafd_last_success_timestamp_seconds", seconds(lastSuccess.store), { stage: "store" }],
    ["leafd_last_success_timestamp_seconds", seconds(lastSuccess.reload), { stage: "reload" }],
    ["leafd_consecutive_failures", service.failures],
    ["leafd_reload_owed", Number(!service.delivered)],
    ["leafd_next_action_timestamp_seconds", seconds(service.nextAt)],
  ];
}

function samples(values: readonly Value[], common: Sample["labels"] = {}): Sample[] {
  return values.flatMap(([metric, value, labels]) =>
    value === undefined ? [] : [{ metric, value, labels: { ...common, ...labels } }],
  );
}

/** A point in time or a length of it, as Prometheus wants both. */
function seconds(time: Millis): number;
function seconds(time: Millis | undefined): number | undefined;
function seconds(time: Millis | undefined): number | undefined {
  return time === undefined ? undefined : time / SECOND;
}
