import type { Foreseen } from "../../domain/explain/foresee.ts";
import type { Explanation } from "../../domain/explain.ts";
import { type EpochMillis, formatDuration, formatTime } from "../../domain/units.ts";

/** What `leafd explain` says would happen if no issuer could be had from now on, a line each. */
export function outageLines({ at: now, service, outage }: Explanation): string[] {
  const head = "If no issuer answered from now on, while disk and dependents do as they are told:";
  const ends = [service.notAfter ?? now, ...outage.map((each) => (each.kind === "reserve_used" ? each.notAfter : now))];
  const end = Math.max(...ends);
  const keeps =
    service.notAfter !== undefined && service.notAfter > now
      ? `keeps the pair that is there, which serves until ${formatTime(service.notAfter)}`
      : "there is no valid pair to keep";
  const sum =
    end <= now
      ? "So it serves no valid certificate until an issuer answers."
      : `So it serves a valid certificate until ${formatTime(end)}: for ${formatDuration(end - now)}.`;
  return ["", head, line(now, keeps, now), ...outage.map((each) => line(each.at, wordsFor(each), now)), `  ${sum}`];
}

function line(at: EpochMillis, words: string, now: EpochMillis): string {
  const when = at <= now ? "now" : `in ${formatDuration(at - now)}`;
  return `  ${formatTime(at)}  ${when.padEnd(11)} ${words}`;
}

function wordsFor(what: Foreseen): string {
  switch (what.kind) {
    case "pause_over":
      return "the pause is over: what came due meanwhile is done";
    case "due":
      return "renewal comes due";
    case "asked":
      return `asks issuer ${what.issuer} (${what.cause}), and again for as long as its circuit is closed`;
    case "away":
      return `takes issuer ${what.issuer} for away: from here on only its health is asked for`;
    case "republished":
      return `publishes the same pair again (${what.cause})`;
    case "reserve_used":
      return `publishes the reserve, which serves until ${formatTime(what.notAfter)}`;
    case "reloaded":
      return "tells the dependents";
    case "expired":
      return `the pair ends, and there is no other; at expiry: ${what.action}`;
    case "cut":
      return "goes on like this";
    default:
      return what satisfies never;
  }
}
