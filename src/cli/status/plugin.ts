import { ALERT_BURN } from "../../domain/lifetime-review.ts";
import type { DaemonStatus, ServiceStatus } from "../../domain/status.ts";
import { type EpochMillis, formatTime, SECOND } from "../../domain/units.ts";
import { PLUGIN_EXIT, type PluginExitCode } from "../exit-codes.ts";

/* `leafd status --nagios`: one line and an exit code, as Nagios, Icinga and their kind run plugins. */

interface Verdict {
  /** Without a line end. */
  readonly line: string;
  readonly exitCode: PluginExitCode;
}

type Level = "warning" | "critical";

interface Judged {
  readonly level: Level;
  readonly name: string;
  readonly why: string;
}

/** Names in the line: a pager shows no thousand. */
const MOST_NAMES = 5;

/**
 * The status as one line with its exit code, as monitoring plugins give it
 * (https://www.monitoring-plugins.org/doc/guidelines.html): `LEAFD WARNING - 3 services: … | figures`. The worst service
 * decides; `isRunning` false: it was read from disk.
 */
export function pluginVerdict(status: DaemonStatus, now: EpochMillis, isRunning: boolean): Verdict {
  const judged = [...status.services.flatMap((service) => judge(service, now)), ...judgeConfiguration(status)];
  const of = (level: Level) => judged.filter((each) => each.level === level);
  const [critical, warning] = [of("critical"), of("warning")];
  const level = critical.length > 0 ? "critical" : warning.length > 0 ? "warning" : "ok";
  const count = status.services.length;
  const head = `LEAFD ${level.toUpperCase()} - ${count} ${count === 1 ? "service" : "services"}`;
  const disk = isRunning ? "" : " (leafd is not running; read from disk)";
  const text = `${head}${disk}${said([...critical, ...warning])}`;
  // A bar ends the text, and no name or reason has one.
  return { line: `${text} | ${figures(status, now, [warning, critical])}`, exitCode: PLUGIN_EXIT[level] };
}

/** What is to be said when the state cannot be known. */
export function pluginUnknown(message: string): Verdict {
  const [first = ""] = message.split("\n");
  return { line: `LEAFD UNKNOWN - ${first.replaceAll("|", "/")}`, exitCode: PLUGIN_EXIT.unknown };
}

function said(judged: readonly Judged[]): string {
  if (judged.length === 0) return "";
  const others = judged.length - MOST_NAMES;
  const named = judged.slice(0, MOST_NAMES).map(({ name, why }) => `${name}: ${why}`);
  return `; ${named.join(", ")}${others > 0 ? `, and ${others} more` : ""}`;
}

function judgeConfiguration({ configError }: DaemonStatus): readonly Judged[] {
  if (configError === undefined) return [];
  return [{ level: "warning", name: "configuration", why: `refused at ${formatTime(configError.at)}` }];
}

function judge(service: ServiceStatus, now: EpochMillis): readonly Judged[] {
  const { name, required, state, reason, usedUntil, rung, pausedUntil } = service;
  const paused = pausedUntil === undefined ? [] : [`paused until ${formatTime(pausedUntil)}`];
  const whys = [...paused, ...(reason === undefined ? [] : [reason])];
  const because = whys.length === 0 ? "" : ` (${whys.join("; ")})`;
  const say = (level: Level, why: string) => [{ level, name, why: `${why}${because}` }];
  if (state === "expired" || state === "missing") return say(required ? "critical" : "warning", state);
  if (state === "pending") return say("warning", "not looked at yet");
  const burn = burnOf(service, now);
  const used = `${Math.floor(burn * 100)}% of its renewal window is used up`;
  if (usedUntil !== undefined && usedUntil <= now)
    return say(required ? "critical" : "warning", "its dependents use a certificate that has ended");
  if (burn > ALERT_BURN.critical) return say("critical", used);
  if (burn > ALERT_BURN.warning) return say("warning", used);
  if (state === "not_live") return say("warning", "another certificate is served");
  if (state === "reload_owed" && reason !== undefined) return say("warning", "its dependents could not be told");
  return rung === "reserve" ? say("warning", "its reserve is in use") : [];
}

/** The part of the time between the due renewal and the end that is used up: 0 before it, 1 at the end and after. */
function burnOf({ due, notAfter }: ServiceStatus, now: EpochMillis): number {
  if (due === undefined || notAfter === undefined || notAfter <= now) return 1;
  return Math.max(0, (now - due) / (notAfter - due));
}

/** Performance data: `label=value[unit];warning;critical;least;most`. */
function figures({ services }: DaemonStatus, now: EpochMillis, levels: readonly (readonly Judged[])[]): string {
  const [warning = 0, critical = 0] = levels.map((each) => each.length);
  const burn = Math.max(0, ...services.map((service) => burnOf(service, now)));
  const ends = services.flatMap(({ notAfter }) => (notAfter === undefined ? [] : [notAfter - now]));
  const next = ends.length === 0 ? [] : [`next_end=${Math.max(0, Math.floor(Math.min(...ends) / SECOND))}s;;;0`];
  const worst = `worst_burn=${Math.floor(burn * 100)}%;${ALERT_BURN.warning * 100};${ALERT_BURN.critical * 100};0;100`;
  return [`services=${services.length};;;0`, `warning=${warning};;;0`, `critical=${critical};;;0`, worst, ...next].join(
    " ",
  );
}
