import type { ClusterStatus } from "../../domain/cluster-status.ts";
import { type DaemonStatus, isReady, type ServiceStatus, type Standing } from "../../domain/status.ts";
import { type EpochMillis, formatDuration, formatTime, MINUTE } from "../../domain/units.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { awayLines, endsWhen, ladderLines } from "./ladder.ts";

export interface TableOptions {
  readonly now: EpochMillis;
  /** Columns of the terminal; absent (a file, a pipe): nothing is cut. */
  readonly width?: number;
  readonly colour: boolean;
  /** Also the ladder of each service. */
  readonly ladders?: boolean;
}

const HEADINGS = ["SERVICE", "STATE", "SERIAL", "EXPIRES IN", "RENEWAL IN", "ISSUER", "RELOAD", "REASON"] as const;
const GAP = "  ";
/** The reason keeps at least this much of a narrow terminal: lines wrap rather than say nothing. */
const SHORTEST_REASON = 16;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const COLOURS: Readonly<Record<Standing, number>> = {
  expired: RED,
  missing: RED,
  pending: YELLOW,
  not_live: RED,
  reload_owed: YELLOW,
  retrying: YELLOW,
  due: YELLOW,
  ok: GREEN,
};

/**
 * The status for a terminal: one aligned line a service, then one a cluster, then the configuration when the last one
 * was refused. Ends with a newline.
 */
export function renderStatusTable(status: DaemonStatus, options: TableOptions): string {
  const rows = [[...HEADINGS], ...status.services.map((service) => cells(service, options.now))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row, index) => {
    const state = status.services[index - 1]?.state;
    const padded = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    const line = cut(padded.join(GAP).trimEnd(), widths, options.width);
    return state !== undefined && options.colour ? paint(line, padded, COLOURS[state]) : line;
  });
  const ladders = options.ladders
    ? status.services.flatMap((service) => ["", ...ladderLines(service, options.now)])
    : [];
  const notes = [
    ...status.clusters.map((cluster) => clusterLine(cluster, options.now)),
    ...awayLines(status.issuers, options.now),
    ...clockLines(status),
    ...configLines(status),
  ];
  return [...lines, ...ladders, ...(notes.length > 0 ? ["", ...notes] : [])].map((line) => `${line}\n`).join("");
}

/** What `leafd status` exits with: 0 when every required service has a valid pair, 1 when one has not. */
export function statusExitCode(status: DaemonStatus, now: EpochMillis): ExitCode {
  return isReady(status, now) ? EXIT.ok : EXIT.failed;
}

function cells(service: ServiceStatus, now: EpochMillis): string[] {
  return [
    service.name,
    service.state,
    shortSerial(service.serial),
    left(service.notAfter, now, "expired"),
    left(service.due, now, "now"),
    service.issuer,
    service.serial === undefined ? "-" : toldOf(service),
    why(service, now),
  ];
}

/** Whether the dependents have been told, and with a probe whether they serve it. */
function toldOf({ delivered, live }: ServiceStatus): string {
  if (!delivered) return "owed";
  return live === undefined ? "done" : live ? "live" : "told";
}

/** Both ends of a serial: enough to tell two apart, and to find it in the output of openssl. */
function shortSerial(serial: string | undefined): string {
  if (serial === undefined) return "-";
  return serial.length <= 13 ? serial : `${serial.slice(0, 8)}…${serial.slice(-4)}`;
}

function left(until: EpochMillis | undefined, now: EpochMillis, over: string): string {
  if (until === undefined) return "-";
  return until <= now ? over : formatDuration(until - now);
}

function why(service: ServiceStatus, now: EpochMillis): string {
  const { pausedUntil, usedUntil, rung } = service;
  const pause = pausedUntil === undefined ? "" : `paused until ${formatTime(pausedUntil)}`;
  const used = usedUntil === undefined ? "" : `the one in use ${endsWhen(usedUntil, now)}`;
  const reserve = rung === "reserve" ? "its reserve is in use" : "";
  return [pause, used, reserve, trouble(service, now)].filter((part) => part !== "").join("; ");
}

function trouble({ reason, message, nextAction, nextAt }: ServiceStatus, now: EpochMillis): string {
  if (reason === undefined) return "";
  return `${reason} (${nextAction} ${when(nextAt, now)})${message === undefined ? "" : `: ${printable(message)}`}`;
}

function when(at: EpochMillis, now: EpochMillis): string {
  return at <= now ? "now" : `in ${formatDuration(at - now)}`;
}

function clusterLine({ name, address, up, reason, since, tokenExpires, login }: ClusterStatus, now: EpochMillis) {
  const because = reason === undefined ? "" : ` (${reason})`;
  const down = since === undefined ? `down${because}` : `down for ${formatDuration(now - since)}${because}`;
  const state = up === undefined ? "not asked yet" : up ? "up" : down;
  const token = tokenExpires === undefined ? "" : `, token ends ${when(tokenExpires, now)}`;
  return printable(`cluster ${name}: ${address} is ${state}${token}${loginWords(login, now)}`);
}

function loginWords(login: ClusterStatus["login"], now: EpochMillis): string {
  if (login === undefined) return "";
  const { reason, since, retryAt } = login;
  return `, no login for ${formatDuration(now - since)} (${reason}), tried again ${when(retryAt, now)}`;
}

function clockLines({ clock }: DaemonStatus): string[] {
  if (clock === undefined || (!clock.doubted && Math.abs(clock.skew ?? 0) < MINUTE)) return [];
  const { skew } = clock;
  const side = (skew ?? 0) < 0 ? "behind" : "ahead of";
  const apart = skew === undefined ? "" : `; a server's clock is ${formatDuration(Math.abs(skew))} ${side} it`;
  return [`clock: ${clock.doubted ? "not believed until a server says the same time" : "believed"}${apart}`];
}

function configLines({ configError, configLoadedAt }: DaemonStatus): string[] {
  if (configError === undefined) return [];
  const head = `configuration refused at ${formatTime(configError.at)}; the one of ${formatTime(configLoadedAt)} is in force:`;
  return [head, ...configError.message.split("\n").map((line) => `  ${printable(line)}`)];
}

function cut(line: string, widths: readonly number[], width: number | undefined): string {
  if (width === undefined) return line;
  const fixed = widths.slice(0, -1).reduce((sum, column) => sum + column + GAP.length, 0);
  const limit = Math.max(width, fixed + SHORTEST_REASON);
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}

/** Colours the state, the second cell of the line. */
function paint(line: string, [name = "", state = ""]: readonly string[], colour: number): string {
  const start = name.length + GAP.length;
  const end = start + state.trimEnd().length;
  return `${line.slice(0, start)}\u001b[${colour}m${line.slice(start, end)}\u001b[0m${line.slice(end)}`;
}
