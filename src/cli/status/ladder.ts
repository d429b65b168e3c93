import type { Rung } from "../../domain/rungs.ts";
import type { IssuerStatus, ServiceStatus } from "../../domain/status.ts";
import { type EpochMillis, formatDuration, formatTime } from "../../domain/units.ts";

/*
 * What holds while a service cannot have a new certificate, a line a rung: `leafd status SERVICE` shows it below the
 * table.
 */

/** Why a rung cannot help now, in words. Reasons of failures stand for themselves. */
const WHY: Readonly<Record<string, string>> = {
  no_pair: "there is no valid pair",
  circuit_open: "away: only its health is asked for",
  not_its_turn: "waits for its turn",
  not_issued: "none has been issued yet",
  ended: "the one that is held has ended",
  in_use: "the one that is held is in use",
  no_gain: "the one that is held ends no later than the pair in use",
  issuers_answer: "not needed while an issuer answers",
};

/** `ends in 5m`, `ended 5m ago`. */
export function endsWhen(end: EpochMillis, now: EpochMillis): string {
  return end <= now ? `ended ${formatDuration(now - end)} ago` : `ends in ${formatDuration(end - now)}`;
}

/** A rung that cannot help since somebody said no: the reason of a failure. */
export function isRefusal(why: string): boolean {
  return why !== "" && !(why in WHY);
}

/** The ladder of one service, indented below its name. */
export function ladderLines({ name, ladder, surviveUnmet }: ServiceStatus, now: EpochMillis): string[] {
  const width = Math.max(...ladder.map((rung) => titleOf(rung).length));
  const lines = ladder.map((rung, index) => `  ${index + 1} ${titleOf(rung).padEnd(width)}  ${stateOf(rung, now)}`);
  const warning = "  outage.survive is longer than this certificate can hold: raise its ttl";
  return [`ladder of ${name}:`, ...lines, ...(surviveUnmet ? [warning] : [])];
}

function titleOf({ kind, name }: Rung): string {
  const titles = { keep: "keep the pair", issuer: `issuer ${name}`, reserve: "reserve", expiry: `at expiry: ${name}` };
  return titles[kind];
}

function stateOf({ kind, inUse, available, why, from }: Rung, now: EpochMillis): string {
  const when = from === undefined || from <= now ? "" : `from ${formatTime(from)} (in ${formatDuration(from - now)})`;
  const because = why === undefined ? "" : (WHY[why] ?? why);
  const can = kind === "keep" || kind === "expiry" ? "" : available ? "available" : "unavailable";
  return [inUse ? "in use" : can, because, when].filter((part) => part !== "").join(", ");
}

/** One line an issuer that is away. */
export function awayLines(issuers: readonly IssuerStatus[], now: EpochMillis): string[] {
  return issuers
    .filter(({ circuit }) => circuit !== "closed")
    .map(({ name, circuit, looksWell, since = now, reason = "", probeAt = now }) => {
      if (looksWell)
        return `issuer ${name}: its health is good again (away since ${formatTime(since)}: ${reason}); the next service that needs it tries it`;
      const next =
        circuit === "open"
          ? `its health is looked at in ${formatDuration(Math.max(0, probeAt - now))}`
          : "one service tries it";
      return `issuer ${name}: away for ${formatDuration(now - since)} (${reason}); ${next}`;
    });
}
