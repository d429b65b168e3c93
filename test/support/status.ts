import type { ClusterStatus } from "../../src/domain/cluster-status.ts";
import type { DaemonStatus, ServiceStatus } from "../../src/domain/status.ts";
import { HOUR } from "../../src/domain/units.ts";

/** The moment the statuses below are about. */
export const NOW = Date.UTC(2026, 0, 1, 12);

/** A service in perfect order at NOW, less what the test says otherwise. */
export function serviceStatus(changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name: "payments",
    required: true,
    state: "ok",
    nextAction: "issue",
    nextAt: NOW + 8 * HOUR,
    serial: "3f2a91b07c44d5e6",
    fingerprint: "ab".repeat(32),
    names: { commonName: "payments.svc", dns: ["payments.svc"], ips: [], uris: [], emails: [] },
    issuer: "main",
    notBefore: NOW - 12 * HOUR,
    notAfter: NOW + 12 * HOUR,
    due: NOW + 8 * HOUR,
    generation: "..gen-1",
    delivered: true,
    served: true,
    ladder: [],
    failures: 0,
    lastSuccess: { issue: NOW - 12 * HOUR, store: NOW - 12 * HOUR, reload: NOW - 12 * HOUR },
    ...changes,
  };
}

/** A service that never had a certificate, because Vault is sealed. */
export function missingService(changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name: "billing",
    required: true,
    state: "missing",
    reason: "sealed",
    message: "Vault is sealed",
    nextAction: "issue",
    nextAt: NOW + 5000,
    names: { dns: ["billing.svc"], ips: [], uris: [], emails: [] },
    issuer: "main",
    delivered: true,
    ladder: [],
    failures: 2,
    lastSuccess: {},
    ...changes,
  };
}

/** A daemon with these services and one cluster that is up. */
export function daemonStatus(services: readonly ServiceStatus[], changes: Partial<DaemonStatus> = {}): DaemonStatus {
  const cluster: ClusterStatus = {
    name: "default",
    address: "https://vault.internal:8200",
    up: true,
    tokenExpires: NOW + HOUR,
  };
  return {
    version: "0.1.0",
    pid: 4711,
    startedAt: NOW - 24 * HOUR,
    configHash: "v1:0123",
    configLoadedAt: NOW - 24 * HOUR,
    clock: { doubted: false, skew: -1200 },
    clusters: [cluster],
    issuers: ["main", "main-reserve"].map((name) => ({ name, cluster: "default", circuit: "closed" })),
    services,
    ...changes,
  };
}
