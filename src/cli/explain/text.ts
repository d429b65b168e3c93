import type { ClusterStatus } from "../../domain/cluster-status.ts";
import type { Explanation } from "../../domain/explain.ts";
import type { ServiceStatus, Standing } from "../../domain/status.ts";
import { type EpochMillis, formatDuration, formatTime } from "../../domain/units.ts";
import { printable } from "../printable.ts";
import { awayLines, endsWhen, isRefusal, ladderLines } from "../status/ladder.ts";
import { outageLines } from "./outage.ts";

const STATES: Readonly<Record<Standing, string>> = {
  expired: "the pair on disk has ended",
  missing: "there is no usable pair",
  pending: "it has not been looked at yet: leafd is starting",
  not_live: "its dependents were told, and serve another certificate",
  reload_owed: "a good pair is on disk, and its dependents have not been told",
  retrying: "a good pair is on disk; the last attempt to replace it failed, or there is nobody to ask",
  due: "a good pair is on disk, and its renewal has come due or is under way",
  ok: "a good pair is on disk, and its dependents know it",
};

/** The words for what is done next. */
const NEXT: Readonly<Record<ServiceStatus["nextAction"], string>> = {
  recover: "look at the disk",
  issue: "ask for a certificate",
  republish: "publish the same pair again",
  use_reserve: "publish the reserve",
  reload: "tell the dependents",
  confirm: "look at what the dependents serve",
  reserve: "ask for a reserve",
  revoke: "revoke the certificate before",
  expire: "do what is to be done at its end",
};

/** The explanation for people: why, what next, and what an outage would bring. Ends with a newline. */
export function renderExplanation(explanation: Explanation): string {
  const { service, at: now } = explanation;
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ["certificate", [certificate(service, now)]],
    ["renewal", renewal(explanation)],
    ["dependents", [dependents(explanation)]],
    ["failing", failing(explanation)],
    ["issuers", issuers(explanation)],
    ["budget", [budget(explanation)]],
    ["reserve", reserve(explanation)],
    ["paused", service.pausedUntil === undefined ? [] : [`until ${when(service.pausedUntil, now)}`]],
    ["next", [next(explanation)]],
  ];
  const width = Math.max(...facts.map(([title]) => title.length));
  const rows = facts.flatMap(([title, lines]) =>
    lines.map((text, index) => `  ${(index === 0 ? title : "").padEnd(width)}  ${text}`),
  );
  const head = `${service.name}: ${service.state}: ${STATES[service.state]}`;
  const all = [head, "", ...rows, "", ...ladderLines(service, now), ...outageLines(explanation)];
  return all.map((text) => `${printable(text)}\n`).join("");
}

function certificate({ serial, issuer, rung, notBefore, notAfter }: ServiceStatus, now: EpochMillis): string {
  if (serial === undefined || notBefore === undefined || notAfter === undefined) return "none";
  return `${serial} of ${issuer} (${rung}), ${formatTime(notBefore)} to ${formatTime(notAfter)}, ${endsWhen(notAfter, now)}`;
}

function renewal({ renewal: reason, at: now }: Explanation): string[] {
  if (reason === undefined) return [];
  const { due, windowUsed } = reason;
  const used = due <= now ? `; ${Math.round(windowUsed * 100)} % of the time from there to the end is used up` : "";
  return [`due ${when(due, now)}${used}`, `because ${because(reason)}`];
}

function because({ by, renewAt, surviveMs = 0, marginMs, jitterMs, lifeMs }: NonNullable<Explanation["renewal"]>) {
  const [life, spread, margin] = [lifeMs, jitterMs, marginMs].map(formatDuration);
  switch (by) {
    case "renew_at":
      return `${Math.round(renewAt * 100)} % of its life of ${life} are over then, less ${spread} that spread the services`;
    case "survive":
      return `${surviveMs === 0 ? "" : `outage.survive leaves ${formatDuration(surviveMs)}, and `}a margin of ${margin} is left before the end, less ${spread} that spread the services`;
    case "quarter":
      return `a quarter of its life of ${life} is over then, and none is renewed before: outage.survive takes a longer ttl`;
    case "other":
      return "that was planned when it was issued, by another configuration, clock or lease than now";
    default:
      return by satisfies never;
  }
}

function dependents({ service, windowOpensAt, at: now }: Explanation): string {
  const { delivered, live, lastSuccess, serial, usedUntil } = service;
  if (serial === undefined) return "nothing to tell them";
  const lately = lastSuccess.confirm === undefined ? "" : ` (${formatDuration(now - lastSuccess.confirm)} ago)`;
  const seen = live === undefined ? "" : live ? ` and seen to serve it${lately}` : " and not seen to serve it";
  const told = lastSuccess.reload === undefined ? "told" : `told ${formatDuration(now - lastSuccess.reload)} ago`;
  const window =
    windowOpensAt === undefined
      ? ""
      : `; a window ${windowOpensAt <= now ? "is open" : `opens ${when(windowOpensAt, now)}`}`;
  const used = usedUntil === undefined ? "" : `; the certificate that they use ${endsWhen(usedUntil, now)}`;
  return `${delivered ? `${told}${seen}` : "not told yet: a reload is owed"}${used}${window}`;
}

function failing(explanation: Explanation): string[] {
  const { failing: rows, at: now } = explanation;
  return rows.flatMap(({ what, stage, reason, message, hint, failures, since, at, retryAt }) => [
    `${what} (${stage}): ${reason}: ${message}`,
    `${failures === 1 ? "once" : `${failures} times in a row since ${formatTime(since)}`}, last ${formatDuration(now - at)} ago, again ${
      what === "rotation" && waitsForIssuer(explanation) ? "as soon as an issuer answers" : when(retryAt, now)
    }`,
    ...(hint === undefined ? [] : [`to do: ${hint}`]),
    `see docs/operations.md#${reason}`,
  ]);
}

function issuers({ issuers: all, clusters, service, failing: rows, at: now }: Explanation): string[] {
  const reasons = [...new Set(all.flatMap(({ circuit, reason }) => (circuit === "open" && reason ? [reason] : [])))];
  const unsaid = reasons.filter((reason) => rows.every((row) => row.reason !== reason));
  const refusals = new Map(service.ladder.map(({ kind, name = "", why = "" }) => [`${kind} ${name}`, why]));
  const closed = all.filter(({ circuit }) => circuit === "closed");
  const said = closed.map(({ name, cluster }) => {
    const why = refusals.get(`issuer ${name}`) ?? "";
    const words = stopped(clusters, cluster) ?? (isRefusal(why) ? `said no the last time (${why})` : undefined);
    return { name, words: words ?? "nothing stands against asking" };
  });
  const same = [...new Set(said.map(({ words }) => words))];
  return [
    ...awayLines(all, now),
    ...unsaid.map((reason) => `see docs/operations.md#${reason}`),
    ...same.map((words) => `${names(said.filter((each) => each.words === words))}: ${words}`),
  ];
}

function names(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(", ");
}

/** What is known to stand between leafd and a cluster, before anybody has asked an issuer there. */
function stopped(clusters: readonly ClusterStatus[], wanted: string): string | undefined {
  const cluster = clusters.find(({ name }) => name === wanted);
  if (cluster?.up === false)
    return `cluster ${wanted} is down${cluster.reason === undefined ? "" : ` (${cluster.reason})`}`;
  const { login, tokenExpires } = cluster ?? {};
  if (login === undefined || tokenExpires !== undefined) return undefined;
  return `cluster ${wanted} lets nobody in (${login.reason}) since ${formatTime(login.since)}`;
}

function budget({ budget: { allowed, spent, opensAt }, at: now }: Explanation): string {
  const rest = opensAt === undefined ? "" : `: spent, the next one may be asked for ${when(opensAt, now)}`;
  return `${spent} of ${allowed} certificates within the last hour${rest}`;
}

function reserve({ reserve: held, at: now }: Explanation): string[] {
  if (held === undefined) return [];
  return [`${held.serial} is held, renewed ${when(held.due, now)}, ends ${when(held.notAfter, now)}`];
}

/** Whom it would ask is away, then as now. */
function waitsForIssuer({ service: { nextAction }, next: { issuer } }: Explanation): boolean {
  return nextAction === "issue" && issuer === undefined;
}

function next(explanation: Explanation): string {
  const { service, next: then, at: now } = explanation;
  const { nextAction, nextAt, due } = service;
  const { issuer, cause } = then;
  if (waitsForIssuer(explanation))
    return due !== undefined && due > now && nextAt >= due
      ? `${NEXT.issue} when renewal is due and an issuer answers; not before ${formatTime(due)} (in ${formatDuration(due - now)})`
      : `${NEXT.issue} as soon as an issuer answers; looked at again ${when(nextAt, now)}`;
  const whom = issuer === undefined ? "" : ` from ${issuer}`;
  const why = cause === undefined ? "" : ` (${cause})`;
  return `${NEXT[nextAction]}${whom}${why}, ${when(nextAt, now)}`;
}

function when(at: EpochMillis, now: EpochMillis): string {
  return at <= now ? "now" : `in ${formatDuration(at - now)} (${formatTime(at)})`;
}
