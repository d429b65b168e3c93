import type { ClusterStatus } from "../domain/cluster-status.ts";
import { RUNG_NAMES } from "../domain/manifest.ts";
import { type DaemonStatus, hasValidPair, type IssuerStatus, type ServiceStatus, STANDINGS } from "../domain/status.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { MetricName, Sample } from "./metric-catalog.ts";

type Value = readonly [metric: MetricName, value: number | undefined, labels?: Sample["labels"]];

/** What the status says, as samples; what is not known has none. */
export function statusSamples(status: DaemonStatus, now: EpochMillis): Sample[] {
  return [
    ...samples(daemonValues(status)),
    ...samples(fleetValues(status.services, now)),
    ...status.clusters.flatMap((cluster) => samples(clusterValues(cluster), { cluster: cluster.name })),
    ...status.issuers.flatMap((issuer) => samples(issuerValues(issuer), { issuer: issuer.name })),
    ...status.services.flatMap((service) => samples(serviceValues(service, now), { service: service.name })),
  ];
}

function daemonValues(status: DaemonStatus): Value[] {
  const { version, configLoadedAt, configError, clock, trustNotAfter, lastTick, schedulerLag } = status;
  return [
    ["leafd_build_info", 1, { version, node: process.version }],
    ["leafd_config_last_reload_successful", configError === undefined ? 1 : 0],
    ["leafd_config_loaded_timestamp_seconds", seconds(configLoadedAt)],
    ["leafd_trust_bundle_not_after_timestamp_seconds", seconds(trustNotAfter)],
    ["leafd_clock_skew_seconds", seconds(clock?.skew)],
    ["leafd_scheduler_last_tick_timestamp_seconds", seconds(lastTick)],
    ["leafd_scheduler_lag_seconds", seconds(schedulerLag)],
  ];
}

/** How many services are in a state that somebody may have to do something about; each word is there, at 0. */
function fleetValues(services: readonly ServiceStatus[], now: EpochMillis): Value[] {
  const count = (is: (service: ServiceStatus) => boolean): number => services.filter(is).length;
  return [
    ...STANDINGS.map((state): Value => ["leafd_services", count((service) => service.state === state), { state }]),
    ...RUNG_NAMES.map((rung): Value => ["leafd_services_on_rung", count((service) => service.rung === rung), { rung }]),
    ["leafd_services_survive_unmet", count(({ surviveUnmet }) => surviveUnmet === true)],
    ["leafd_services_reserve_missing", count((service) => lacksReserve(service, now))],
    ["leafd_services_budget_spent", count(({ budgetSpent }) => budgetSpent === true)],
    ["leafd_services_paused", count(({ pausedUntil }) => pausedUntil !== undefined)],
  ];
}

function lacksReserve({ ladder, reserveNotAfter }: ServiceStatus, now: EpochMillis): boolean {
  const isHeld = reserveNotAfter !== undefined && reserveNotAfter > now;
  return !isHeld && ladder.some(({ kind }) => kind === "reserve");
}

function clusterValues({ up, tokenExpires }: ClusterStatus): Value[] {
  return [
    ["leafd_cluster_up", up === undefined ? undefined : Number(up)],
    ["leafd_token_expiry_timestamp_seconds", seconds(tokenExpires)],
  ];
}

function issuerValues({ circuit, looksWell, caNotAfter }: IssuerStatus): Value[] {
  return [
    ["leafd_issuer_up", Number(circuit === "closed" || looksWell === true)],
    ["leafd_issuing_ca_not_after_timestamp_seconds", seconds(caNotAfter)],
  ];
}

function serviceValues(service: ServiceStatus, now: EpochMillis): Value[] {
  const { serial, fingerprint, issuer, rung, lastSuccess, served } = service;
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
    ["leafd_last_success_timestamp_seconds", seconds(lastSuccess.confirm), { stage: "confirm" }],
    ["leafd_consecutive_failures", service.failures],
    [
      "leafd_served_matches_disk",
      served === undefined ? undefined : Number(served),
      { known_by: service.live === undefined ? "reload" : "probe" },
    ],
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
