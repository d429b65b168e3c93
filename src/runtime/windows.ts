import { CronTime } from "cron";
import { LeafdError } from "../domain/errors.ts";
import type { WindowSpec } from "../domain/outage-spec.ts";
import { DAY, type EpochMillis, MINUTE, type Millis } from "../domain/units.ts";
import type { Windows } from "../rotation/ports.ts";

/*
 * Reload windows. Few services have any, so whoever needs this file imports it dynamically, and cron with it.
 *
 * The package `cron` says which times of a calendar an expression means; which moments show these times is found out
 * here, because the package is wrong around changes of the clock: `30 3 * * *` in Berlin also comes at 02:30 on the
 * last Sunday in October. Here a time that the zone's clock shows twice opens twice, so that `0 2 * * *` for 2 h is open
 * from the first 02:00 until 04:00; a time that it skips opens as long after the jump as it lies in what was skipped.
 */

/** A local time, counted as if it were UTC: what a clock in the zone shows. */
type WallMillis = number;

/**
 * Dates and weekdays repeat after 400 years. `cron` looks no further than eight years beyond the machine's clock, which
 * leafd may have reasons not to believe, so it is asked about the same date 400 years earlier.
 */
const CALENDAR_PERIOD: Millis = 146_097 * DAY;

/** What is wrong with a cron expression, for people; undefined when it can be used. */
export function cronProblem(text: string): string | undefined {
  try {
    // It parses dates that there are none of, such as the 30th of February: those are found by looking for one.
    new CronTime(text).getNextDateFrom(new Date(0), "UTC");
    return undefined;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return message.startsWith("Something went wrong") ? "names a date that never comes" : message;
  }
}

/** Windows by cron expressions; LeafdError `config_invalid` for an expression or a time zone that does not parse. */
export function createWindows(): Windows {
  const schedules = new Map<string, Schedule>();
  const scheduleOf = (window: WindowSpec): Schedule => {
    const key = `${window.timezone} ${window.cron}`;
    const schedule = schedules.get(key) ?? new Schedule(window);
    schedules.set(key, schedule);
    return schedule;
  };
  return {
    opensAt(windows, now) {
      if (windows.length === 0) return now;
      return Math.min(...windows.map((window) => scheduleOf(window).opening(now - window.duration, now)));
    },
  };
}

/** The moments that one expression means in one time zone. */
class Schedule {
  readonly #cron: CronTime;
  readonly #offset: (at: EpochMillis) => Millis;

  constructor({ cron, timezone }: WindowSpec) {
    const problem = cronProblem(cron);
    if (problem !== undefined)
      throw new LeafdError("config_invalid", `the cron expression "${cron}" of a window cannot be used: ${problem}`, {
        hint: "Write five fields (minute, hour, day of month, month, day of week), or six with seconds first.",
      });
    this.#cron = new CronTime(cron);
    this.#offset = offsetsOf(timezone);
  }

  /** The earliest moment after `after`, or some moment between `after` and `enough` when there is one. */
  opening(after: EpochMillis, enough: EpochMillis): EpochMillis {
    const offsets = [this.#offset(after), this.#offset(after + DAY)];
    let wall: WallMillis = after + Math.min(...offsets);
    let first = Number.POSITIVE_INFINITY;
    do {
      wall = this.#next(wall);
      first = Math.min(first, ...this.#moments(wall).filter((at) => at > after));
      // When the clock is put back, a later wall time may be shown earlier.
    } while (first > enough && wall - Math.max(...offsets) < first);
    return first;
  }

  /** The first time of the expression after this one. */
  #next(wall: WallMillis): WallMillis {
    const next = this.#cron.getNextDateFrom(new Date(wall - CALENDAR_PERIOD), "UTC");
    return next.toMillis() + CALENDAR_PERIOD;
  }

  /** When the zone's clock shows this time: once, twice, or instead of a time that it skips, as long after the jump. */
  #moments(wall: WallMillis): readonly EpochMillis[] {
    const before = this.#offset(wall - DAY);
    const after = this.#offset(wall + DAY);
    const shown = [wall - before, wall - after].filter((at) => at + this.#offset(at) === wall);
    return shown.length === 0 ? [wall - before] : shown;
  }
}

/** How far the clocks of a time zone (IANA name) are ahead of UTC at a moment. */
function offsetsOf(timeZone: string): (at: EpochMillis) => Millis {
  const format = formatIn(timeZone);
  return (at) => {
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(at)) ?? [];
    const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
    return sign === "-" ? -offset : offset;
  };
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  } catch {
    throw new LeafdError("config_invalid", `the time zone "${timeZone}" of a window is not known`, {
      hint: "Write an IANA name, such as Europe/Berlin.",
    });
  }
}
