import { setTimeout as sleep } from "node:timers/promises";
import { fetchEvents } from "../../control/client.ts";
import { toLeafdError } from "../../domain/errors.ts";
import { type DaemonStatus, type ServiceStatus, STANDINGS } from "../../domain/status.ts";
import { formatTime, type Millis, SECOND } from "../../domain/units.ts";
import { systemClock } from "../../runtime/clock.ts";
import { explain, type Terminal } from "../command.ts";
import type { Place } from "../place.ts";
import { printable } from "../printable.ts";
import { findStatus } from "./source.ts";
import { renderStatusTable, type TableOptions } from "./table.ts";

/*
 * `leafd status --watch`: the table, drawn again in the same place, on the terminal's other screen, so that what was
 * there before comes back. Lines are cut by the terminal itself.
 */

type Size = NonNullable<ReturnType<Terminal["size"]>>;

/** Of a terminal that was closed meanwhile. */
const SMALLEST: Size = { columns: 80, rows: 24 };

interface Watching {
  readonly place: Place;
  readonly names: readonly string[];
  readonly colour: boolean;
}

/** Looked at this often, since what is about to end changes without an event. */
const EVERY: Millis = 2 * SECOND;
/** Events that come together are one change. */
const SETTLE: Millis = 0.2 * SECOND;

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J"; // The other screen, no cursor, no wrapping.
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const TO_LINE_END = "\u001b[K";
const TO_SCREEN_END = "\u001b[J";

/** Until Ctrl-C, or until nobody looks any more; what was shown last then stays on the screen. */
export async function watchStatus(watching: Watching, terminal: Terminal): Promise<void> {
  const signal = AbortSignal.any([terminal.stopped, terminal.outputClosed]);
  const bell = new Bell(watching.place, signal);
  let last: readonly string[] = [];
  terminal.out(ENTER);
  try {
    while (!signal.aborted) {
      const size = terminal.size() ?? SMALLEST;
      const frame = await frameOf(watching, size, signal);
      if (signal.aborted) break;
      last = frame.slice(0, size.rows);
      terminal.out(`${HOME}${last.join(`${TO_LINE_END}\r\n`)}${TO_LINE_END}${TO_SCREEN_END}`);
      await bell.wait();
    }
  } finally {
    terminal.out(`${LEAVE}${last.map((line) => `${line}\n`).join("")}`);
  }
}

/** What there is to show; a leafd that cannot be asked is shown as that, and asked again. */
async function frameOf(watching: Watching, size: Size, signal: AbortSignal): Promise<readonly string[]> {
  const { place, names, colour } = watching;
  const now = systemClock.now();
  const head = `leafd status, ${formatTime(now)}; Ctrl-C ends it`;
  try {
    const { status, isRunning } = await findStatus({ place, names }, signal);
    const above = isRunning ? [head, ""] : [head, "leafd is not running; this is what is on disk:", ""];
    const options = { now, colour, width: size.columns, ladders: names.length > 0 };
    return [...above, ...fitted(status, options, size.rows - above.length)];
  } catch (thrown) {
    return [head, "", ...explain(toLeafdError(thrown)).trimEnd().split("\n").map(printable)];
  }
}

/** The table; where there is no room for all services, that of the worst of them. */
function fitted(status: DaemonStatus, options: TableOptions, rows: number): readonly string[] {
  const table = (services: DaemonStatus["services"]) =>
    renderStatusTable({ ...status, services }, options)
      .trimEnd()
      .split("\n");
  const all = table(status.services);
  if (all.length <= rows) return all;
  const room = Math.max(1, rows - table([]).length - 1);
  const rank = ({ state }: ServiceStatus): number => STANDINGS.indexOf(state);
  const worst = status.services.toSorted((a, b) => rank(a) - rank(b)).slice(0, room);
  const others = status.services.length - worst.length;
  if (others === 0) return all;
  return [...table(worst), `… and ${others} more services, none of them in a worse state; name services to see them`];
}

/** Rings when something happened, and every two seconds. */
class Bell {
  readonly #signal: AbortSignal;
  #rung = Promise.withResolvers<void>();

  constructor({ control }: Place, signal: AbortSignal) {
    this.#signal = signal;
    void this.#listen(control);
  }

  async wait(): Promise<void> {
    const signal = this.#signal;
    const patience = AbortSignal.any([signal, AbortSignal.timeout(EVERY)]);
    const over = new Promise<void>((resolve) => patience.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([this.#rung.promise, over]);
    await sleep(SETTLE, undefined, { signal }).catch(() => undefined);
    this.#rung = Promise.withResolvers();
  }

  /** Without the events, the two seconds are all there is. */
  async #listen(directory: string): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      try {
        for await (const _ of fetchEvents(directory, { follow: true }, signal)) this.#rung.resolve();
      } catch {
        // It is not running, or has no place for another follower.
      }
      await sleep(EVERY, undefined, { signal }).catch(() => undefined);
    }
  }
}
