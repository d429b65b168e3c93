import type { ClockDoubt, ClockTrust } from "../domain/clock-guard.ts";
import type { RotationEvent, Stage } from "../domain/events.ts";
import type { LogSpec } from "../domain/spec.ts";
import { type EpochMillis, formatDuration, formatTime, type Millis } from "../domain/units.ts";

/*
 * What the log says of each kind of event: how loud, and in which words. A new kind of event does not compile until
 * it has a line in both tables.
 */

export type Level = LogSpec["level"];
type Kind = RotationEvent["kind"];
type EventByKind = { readonly [K in Kind]: Extract<RotationEvent, { readonly kind: K }> };

/** `error`: somebody should look. `warn`: unusual, and leafd copes. `info`: the story. `debug`: the steps of it. */
const LEVELS: Readonly<Record<Kind, Level>> = {
  recovered: "info",
  outdated: "info",
  nothing_usable: "warn",
  rotation_started: "debug",
  issued: "info",
  ttl_clipped: "warn",
  published: "info",
  rotation_failed: "error",
  reload_started: "debug",
  reloaded: "info",
  reload_failed: "error",
  delivered: "debug",
  confirmed: "info",
  still_live: "debug",
  clock_changed: "debug",
  proof_pending: "debug",
  proof_failed: "error",
  escalated: "warn",
  rolled_back: "error",
  window_yielded: "warn",
  revoked: "info",
  revoke_failed: "error",
  rung_changed: "warn",
  reserved: "info",
  reserve_lost: "warn",
  reserve_failed: "error",
  survive_unmet: "warn",
  expired: "error",
  expiry_failed: "error",
  issuer_circuit: "warn",
  renewal_requested: "info",
  paused: "info",
  resumed: "info",
  service_changed: "info",
  service_added: "info",
  service_removed: "info",
  leftovers_removed: "debug",
  started: "info",
  stopping: "info",
  stopped: "info",
  config_loaded: "info",
  config_rejected: "error",
  logged_in: "info",
  login_failed: "error",
  token_renewed: "debug",
  token_ending: "warn",
  cluster_up: "info",
  cluster_down: "error",
  root_added: "warn",
  root_held: "warn",
  root_removed: "warn",
  clock_doubted: "warn",
  clock_trusted: "info",
  leased_certificate: "error",
  pair_warning: "warn",
  warning: "warn",
};

const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  preflight: "the output directory cannot be written",
  issue: "no certificate was issued",
  verify: "the issued certificate was refused",
  store: "the certificate was not stored",
  reload: "the reload failed",
  confirm: "the proof failed",
};

const CIRCUIT_WORDS = {
  closed: "is back and may be asked by all",
  open: "is away: only its health is asked for",
  half_open: "looks well again: one service tries it",
} as const;
const DOUBT_WORDS: Readonly<Record<ClockDoubt, (departure: Millis) => string>> = {
  departed: (departure) => `the wall clock is ${apart(departure)} the time it should show`,
  implausible: (departure) =>
    `by the wall clock all certificates have ended or not begun; it is ${apart(departure)} what fits them`,
};

const TRUST_WORDS: Readonly<Record<ClockTrust, string>> = {
  server: "a server says the same time",
  suspend: "the machine was suspended",
  returned: "it shows again the time it should",
};

const MESSAGES: { readonly [K in Kind]: (event: EventByKind[K]) => string } = {
  recovered: ({ leaf, reloadOwed }) =>
    `found a good certificate, valid until ${formatTime(leaf.notAfter)}${reloadOwed ? "; a reload is owed" : ""}`,
  outdated: ({ cause }) => `the certificate has to be replaced: ${cause}`,
  nothing_usable: ({ cause, message }) => `no usable certificate (${cause}): ${message}`,
  rotation_started: ({ cause, issuer, attempt }) => `asking ${issuer} for a certificate: ${cause}, attempt ${attempt}`,
  issued: ({ issuer, notAfter, took }) => `${issuer} issued until ${formatTime(notAfter)}, in ${formatDuration(took)}`,
  ttl_clipped: ({ issuer, asked, got }) => `${issuer} gave ${formatDuration(got)} instead of ${formatDuration(asked)}`,
  published: ({ cause, leaf }) => `published (${cause}), valid until ${formatTime(leaf.notAfter)}`,
  rotation_failed: (event) =>
    `${STAGE_WORDS[event.stage]}: ${event.message} (${event.reason}); failure ${event.failures}, ${again(event.retryAt)}`,
  reload_started: ({ method, target }) => `telling ${target} by ${method}`,
  reloaded: ({ target, detail }) => `told ${target}: ${detail}`,
  reload_failed: (event) =>
    `could not tell ${event.target}: ${event.message} (${event.reason}); failure ${event.failures}, ${again(event.retryAt)}`,
  delivered: ({ generation }) => `every dependent has been told of ${generation}`,
  confirmed: ({ endpoints, took }) =>
    `${endpoints === 0 ? "live" : `served by ${endpoints === 1 ? "its endpoint" : `all ${endpoints} endpoints`}`}, ${formatDuration(took)} after the reload`,
  still_live: ({ generation }) => `${generation} is served still`,
  clock_changed: () => "goes by another clock, and tries again what failed by the one before",
  proof_pending: ({ message }) => `not served yet: ${message}`,
  proof_failed: ({ message, reason, failures, retryAt }) =>
    `not proved to be live: ${message} (${reason}); failure ${failures}, ${again(retryAt)}`,
  escalated: ({ method, target, step }) => `escalation, step ${step}: ${method} on ${target}`,
  rolled_back: ({ from, to, message }) => `took ${from} back and published the pair of ${to} again: ${message}`,
  window_yielded: ({ opensAt, servedUntil }) =>
    `reloading outside of the windows: the next opens at ${formatTime(opensAt)}, ${servedUntil === undefined ? "and nobody knows how long the pair in use is valid" : `and the pair in use ends at ${formatTime(servedUntil)}`}`,
  revoked: ({ serial, issuer }) => `revoked the certificate before, ${serial} of ${issuer}`,
  revoke_failed: ({ serial, message, reason, retryAt, final }) =>
    `${serial} was not revoked: ${message} (${reason})${final ? "" : `; ${again(retryAt)}`}`,
  rung_changed: ({ from, to, issuer, reason }) =>
    `the pair is now from ${to} (${issuer}), before from ${from}${reason === undefined ? "" : `: ${reason}`}`,
  reserved: ({ leaf, fresh }) =>
    `${fresh ? "holds a new reserve" : "found its reserve"}, valid until ${formatTime(leaf.notAfter)}`,
  reserve_lost: ({ message, reason }) => `there is no reserve any more: ${message} (${reason})`,
  reserve_failed: ({ issuer, message, reason, failures, retryAt }) =>
    `no reserve from ${issuer}: ${message} (${reason}); failure ${failures}, ${again(retryAt)}`,
  survive_unmet: ({ survive, possible }) =>
    `the certificate lives too short to outlive an outage of ${formatDuration(survive)}: at most ${formatDuration(possible)}`,
  expired: ({ notAfter, action }) =>
    `the certificate ended at ${formatTime(notAfter)} and there is no other; at its end: ${action}`,
  expiry_failed: ({ action, message, reason, retryAt }) =>
    `the certificate has ended, and ${action} failed: ${message} (${reason}); ${again(retryAt)}`,
  issuer_circuit: ({ issuer, state, reason }) =>
    `${issuer}: ${CIRCUIT_WORDS[state]}${reason === undefined ? "" : ` (${reason})`}`,
  renewal_requested: ({ by, force }) => `renewal requested by the ${by}${force ? ", whatever stands against it" : ""}`,
  paused: ({ until }) => `paused until ${formatTime(until)}: nothing is issued, published or reloaded`,
  resumed: ({ by }) => (by === "time" ? "the pause is over" : `resumed by the ${by}`),
  service_changed: ({ classes }) => `configuration changed: ${classes.join(", ")}`,
  service_added: () => "added to the configuration",
  service_removed: () => "removed from the configuration; its files stay",
  leftovers_removed: ({ count }) => `removed ${count} leftover files and generations`,
  started: ({ version, services }) => `leafd ${version} started with ${services} service${services === 1 ? "" : "s"}`,
  stopping: ({ signal }) => `stopping on ${signal}`,
  stopped: ({ took }) => `stopped in ${formatDuration(took)}`,
  config_loaded: ({ added, changed, removed }) =>
    `configuration loaded: ${added} services added, ${changed} changed, ${removed} removed`,
  config_rejected: ({ message }) => `configuration refused, the one before it stays in force: ${message}`,
  logged_in: ({ cluster, method, ttl, renewable }) => {
    const life =
      ttl === 0 ? "with a token that does not end" : `for ${formatDuration(ttl)}${renewable ? "" : ", not renewable"}`;
    return `logged in to ${cluster} by ${method}, ${life}`;
  },
  login_failed: ({ cluster, method, message, reason }) =>
    `login to ${cluster} by ${method} failed: ${message} (${reason})`,
  token_renewed: ({ cluster, ttl }) => `token of ${cluster} renewed for ${formatDuration(ttl)}`,
  token_ending: ({ cluster, why }) => `token of ${cluster} cannot be kept (${why}): logging in again`,
  cluster_up: ({ cluster, address }) => `${cluster} answers at ${address}`,
  cluster_down: ({ cluster, address, message, reason }) => `${cluster} is down at ${address}: ${message} (${reason})`,
  root_added: ({ issuer, subject }) => `new root of ${issuer} taken into the bundle: ${subject}`,
  root_held: ({ issuer, subject }) => `new root of ${issuer} held back until it is accepted: ${subject}`,
  root_removed: ({ issuer, subject }) => `root of ${issuer} removed from the bundle: ${subject}`,
  clock_doubted: ({ why, departure, believed }) =>
    `${DOUBT_WORDS[why](departure)}: not believed until a server confirms it, going on from ${formatTime(believed)}`,
  clock_trusted: ({ how }) => `the wall clock is believed: ${TRUST_WORDS[how]}`,
  leased_certificate: ({ message }) => message,
  pair_warning: ({ message }) => message,
  warning: ({ subject, message }) => `${subject}: ${message}`,
};

/** How loud an event is in the log: its kind decides. */
export const levelOf = ({ kind }: RotationEvent): Level => LEVELS[kind];

/** One sentence for people; not scrubbed yet. */
export function messageOf(event: RotationEvent): string {
  return say(event.kind, event);
}

function say<K extends Kind>(kind: K, event: EventByKind[K]): string {
  return MESSAGES[kind](event);
}

function apart(departure: Millis): string {
  return `${formatDuration(Math.abs(departure))} ${departure < 0 ? "behind" : "ahead of"}`;
}

function again(at: EpochMillis): string {
  return `again at ${formatTime(at)}`;
}
