import type { RotationEvent } from "../../src/domain/events.ts";
import type { LeafFacts } from "../../src/domain/leaf-facts.ts";
import { HOUR, MINUTE } from "../../src/domain/units.ts";
import { NOW } from "./status.ts";

type Kind = RotationEvent["kind"];

/** The leaf of the events below. */
export const LEAF: LeafFacts = {
  serial: "3f2a91b07c44d5e6",
  fingerprint: "ab".repeat(32),
  generation: "..gen-1",
  issuer: "main",
  rung: "primary",
  notBefore: NOW,
  notAfter: NOW + HOUR,
  receivedAt: NOW,
  due: NOW + 40 * MINUTE,
  requestHash: "v1:request",
  deliveryHash: "v1:delivery",
  trustHash: "trust",
};

const of = { at: NOW, service: "payments" };
const failed = {
  reason: "sealed",
  message: "Vault is sealed",
  hint: "Unseal it.",
  failures: 2,
  retryAt: NOW + MINUTE,
} as const;
const told = { method: "signal", target: "pid 7" } as const;
const login = { cluster: "default", method: "approle" };
const root = { issuer: "main", fingerprint: "cd".repeat(32), subject: "CN=Root" };

/** One event of every kind: a kind that is missing here does not compile. */
export const EVENTS: { readonly [K in Kind]: Extract<RotationEvent, { readonly kind: K }> } = {
  recovered: { ...of, kind: "recovered", leaf: LEAF, reloadOwed: true },
  outdated: { ...of, kind: "outdated", cause: "request_changed" },
  nothing_usable: { ...of, kind: "nothing_usable", cause: "missing", message: "the directory is empty" },
  rotation_started: { ...of, kind: "rotation_started", cause: "missing", issuer: "main", attempt: 1 },
  issued: {
    ...of,
    kind: "issued",
    issuer: "main",
    serial: LEAF.serial,
    notAfter: NOW + HOUR,
    took: 12.4,
    warnings: ["slow"],
  },
  ttl_clipped: { ...of, kind: "ttl_clipped", issuer: "main", asked: 24 * HOUR, got: HOUR },
  published: { ...of, kind: "published", cause: "missing", leaf: LEAF, reloadOwed: true, took: 20 },
  rotation_failed: { ...of, kind: "rotation_failed", cause: "renewal_due", stage: "issue", issuer: "main", ...failed },
  reload_started: { ...of, kind: "reload_started", ...told },
  reloaded: { ...of, kind: "reloaded", ...told, took: 3, detail: "sent SIGHUP to 7" },
  reload_failed: { ...of, kind: "reload_failed", ...told, ...failed, reason: "reload_failed", message: "exit code 1" },
  delivered: { ...of, kind: "delivered", generation: "..gen-1", serial: LEAF.serial },
  confirmed: { ...of, kind: "confirmed", generation: "..gen-1", serial: LEAF.serial, took: 900, endpoints: 2 },
  clock_changed: { ...of, kind: "clock_changed" },
  still_live: { ...of, kind: "still_live", generation: "..gen-1" },
  proof_pending: {
    ...of,
    kind: "proof_pending",
    outcome: "not_live",
    reason: "not_live",
    message: "127.0.0.1:8443 serves another certificate",
    nextAt: NOW + 1000,
  },
  proof_failed: {
    ...of,
    kind: "proof_failed",
    outcome: "not_live",
    ...failed,
    reason: "not_live",
    servedUntil: NOW + 30 * MINUTE,
  },
  escalated: { ...of, kind: "escalated", ...told, step: 1 },
  rolled_back: {
    ...of,
    kind: "rolled_back",
    from: "..gen-2",
    to: "..gen-1",
    reason: "dependent_refused",
    message: "nginx -t: exit code 1",
  },
  window_yielded: { ...of, kind: "window_yielded", opensAt: NOW + HOUR, servedUntil: NOW + 30 * MINUTE },
  revoked: { ...of, kind: "revoked", issuer: "main", serial: "0a" },
  revoke_failed: { ...of, kind: "revoke_failed", issuer: "main", serial: "0a", ...failed },
  rung_changed: { ...of, kind: "rung_changed", from: "primary", to: "failover", issuer: "dr", reason: "sealed" },
  reserved: { ...of, kind: "reserved", leaf: { ...LEAF, rung: "reserve" }, fresh: true },
  reserve_lost: { ...of, kind: "reserve_lost", reason: "expired", message: "the leaf ended" },
  reserve_failed: { ...of, kind: "reserve_failed", issuer: "main-reserve", ...failed },
  survive_unmet: { ...of, kind: "survive_unmet", survive: 8 * HOUR, possible: HOUR },
  expired: { ...of, kind: "expired", generation: "..gen-1", notAfter: NOW, action: "keep" },
  expiry_failed: { ...of, kind: "expiry_failed", action: "stop", ...failed, reason: "reload_failed" },
  renewal_requested: { ...of, kind: "renewal_requested", by: "operator", force: false },
  paused: { ...of, kind: "paused", until: NOW + HOUR },
  resumed: { ...of, kind: "resumed", by: "time" },
  service_changed: { ...of, kind: "service_changed", classes: ["plan", "reload"] },
  service_added: { ...of, kind: "service_added" },
  service_removed: { ...of, kind: "service_removed" },
  leftovers_removed: { ...of, kind: "leftovers_removed", count: 3 },
  started: { at: NOW, kind: "started", version: "0.1.0", services: 2, pid: 4711 },
  stopping: { at: NOW, kind: "stopping", signal: "SIGTERM" },
  stopped: { at: NOW, kind: "stopped", took: 40 },
  config_loaded: { at: NOW, kind: "config_loaded", hash: "v1:0123", added: 1, changed: 2, removed: 3 },
  config_rejected: { at: NOW, kind: "config_rejected", message: "leafd.yaml:3:5: unknown key\n  sevices:\n  ^" },
  logged_in: { at: NOW, kind: "logged_in", ...login, ttl: HOUR, renewable: true, warnings: [] },
  login_failed: { at: NOW, kind: "login_failed", ...login, reason: "login_denied", message: "invalid secret id" },
  token_renewed: { at: NOW, kind: "token_renewed", cluster: "default", ttl: HOUR },
  token_ending: { at: NOW, kind: "token_ending", cluster: "default", why: "max_ttl" },
  cluster_up: { at: NOW, kind: "cluster_up", cluster: "default", address: "https://a:8200" },
  cluster_down: {
    at: NOW,
    kind: "cluster_down",
    cluster: "default",
    address: "https://a:8200",
    reason: "connect",
    message: "refused",
  },
  issuer_circuit: { at: NOW, kind: "issuer_circuit", issuer: "main", state: "open", reason: "sealed" },
  root_added: { at: NOW, kind: "root_added", ...root, notAfter: NOW + HOUR },
  root_held: { at: NOW, kind: "root_held", ...root },
  root_removed: { at: NOW, kind: "root_removed", ...root },
  clock_doubted: { at: NOW, kind: "clock_doubted", why: "departed", departure: 24 * HOUR, believed: NOW },
  clock_trusted: { at: NOW, kind: "clock_trusted", how: "server", skew: -1200 },
  leased_certificate: {
    ...of,
    kind: "leased_certificate",
    issuer: "main",
    message: "the role leases",
  },
  pair_warning: { ...of, kind: "pair_warning", message: "the leaf outlives its CA" },
  warning: { at: NOW, kind: "warning", subject: "ledger", reason: "io_error", message: "cannot write", hint: "Look." },
};

/** All of them, in the order above. */
export const ALL_EVENTS: readonly RotationEvent[] = Object.values(EVENTS);
