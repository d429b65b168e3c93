import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { statusToJson } from "../domain/status/json.ts";
import type { DaemonStatus, ServiceStatus } from "../domain/status.ts";
import { type EpochMillis, type Millis, SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import type { Reply } from "./reply.ts";
import { StreamReader } from "./stream-reader.ts";

/** Each is a connection that stays, and a copy of what it has not read yet. */
const MOST_READERS = 16;

/** From one look at the status to the next. */
const PACE: Millis = SECOND;

/** Looks take at most one part in so many of the time, however many services there are. */
const SHARE = 50;

/**
 * A reader hears of the daemon at least so often, which tells how the scheduler and the clock do; a page that hears
 * nothing takes the connection for lost.
 */
const BEAT: Millis = 10 * SECOND;

/** Who takes longer to read what was sent is cut off, and may come back. */
const PATIENCE: Millis = 15 * SECOND;

interface Sources {
  readonly clock: Clock;
  readonly status: () => DaemonStatus;
}

type Daemon = Omit<DaemonStatus, "services">;

/** A part of the status as it was last seen to change. */
interface Part {
  readonly json: string;
  /** The look that found it so. */
  readonly look: number;
  readonly nextAt?: EpochMillis;
}

/**
 * The status as server-sent events (WHATWG HTML, section 9.2), for as long as somebody reads; while nobody does it
 * costs nothing. `snapshot` comes first, and again when services come or go: `now` (RFC 3339), `daemon` (the status
 * without its services) and all `services`. `change` holds what is different since the last event: `now`, `daemon` when
 * it is and every 10 s, and those `services`. Who has not read the last event yet gets the next one later, and everything in it.
 */
export class StatusStream {
  readonly #sources: Sources;
  readonly #signal: AbortSignal;
  readonly #readers = new Set<StreamReader>();
  #services = new Map<string, Part>();
  #news = "";
  #daemon: Part = { json: "", look: 0 };
  #look = 0;
  /** The look since which the same services have been there. */
  #since = 0;
  #isWatching = false;

  /** The signal ends it: all readers with it. */
  constructor({ clock, status }: Sources, signal: AbortSignal) {
    this.#sources = { clock, status };
    this.#signal = signal;
  }

  /** The answer to who wants to read: the stream, compressed when the client says that it can undo that. */
  reply(headers: IncomingHttpHeaders): Reply {
    if (this.#readers.size >= MOST_READERS || this.#signal.aborted)
      return { status: 503, body: `${MOST_READERS} read it already; there is /status.json\n` };
    const gzip = headers["accept-encoding"]?.includes("gzip") === true;
    const encoding = gzip ? { "content-encoding": "gzip" } : {};
    const body = (response: ServerResponse) => this.#admit(new StreamReader(response, { gzip }));
    return {
      status: 200,
      body,
      headers: { "content-type": "text/event-stream", vary: "accept-encoding", ...encoding },
    };
  }

  #admit(reader: StreamReader): void {
    if (!reader.isOpen) return;
    this.#readers.add(reader);
    reader.whenClosed(() => this.#readers.delete(reader));
    if (this.#isWatching) this.#tell(reader);
    else void this.#watch();
  }

  /** Looks and tells until nobody reads. */
  async #watch(): Promise<void> {
    const { clock } = this.#sources;
    this.#isWatching = true;
    try {
      while (this.#readers.size > 0) {
        const began = clock.monotonic();
        this.#see();
        for (const reader of this.#readers) this.#tell(reader);
        await clock.sleep(Math.max(PACE, SHARE * (clock.monotonic() - began)), this.#signal);
      }
    } catch {
      // The signal, or a status that cannot be had: the readers find the stream ended.
      for (const reader of this.#readers) reader.end();
    } finally {
      this.#isWatching = false;
      this.#services.clear();
    }
  }

  #see(): void {
    const { services, ...daemon } = this.#sources.status();
    const now = this.#sources.clock.now();
    this.#look += 1;
    const before = this.#services;
    this.#services = new Map(services.map((service) => [service.name, this.#part(service, now)]));
    const isSame = before.size === services.length && services.every(({ name }) => before.has(name));
    if (!isSame) this.#since = this.#look;
    const said = news(daemon);
    this.#daemon = { json: statusToJson(daemon), look: said === this.#news ? this.#daemon.look : this.#look };
    this.#news = said;
  }

  #part(service: ServiceStatus, now: EpochMillis): Part {
    const before = this.#services.get(service.name);
    // What is under way has `nextAt` = now in each look; that alone is no change.
    const isWaiting = before?.nextAt !== undefined && before.nextAt <= now && service.nextAt <= now;
    const nextAt = isWaiting ? before.nextAt : service.nextAt;
    const json = statusToJson({ ...service, nextAt });
    return before?.json === json ? before : { json, look: this.#look, nextAt };
  }

  #tell(reader: StreamReader): void {
    const { clock } = this.#sources;
    const now = clock.monotonic();
    if (reader.waitsFor(now) > 0) {
      if (reader.waitsFor(now) > PATIENCE) reader.cut();
      return;
    }
    const event = reader.look < this.#since ? "snapshot" : "change";
    const after = event === "snapshot" ? 0 : reader.look;
    const services = [...this.#services.values()].filter(({ look }) => look > after);
    const isDue = this.#daemon.look > after || now - reader.beatAt >= BEAT;
    if (!isDue && services.length === 0) return;
    const daemon = isDue ? `"daemon":${this.#daemon.json},` : "";
    const list = services.map(({ json }) => json).join(",");
    const data = `{"now":"${new Date(clock.now()).toISOString()}",${daemon}"services":[${list}]}`;
    reader.send(`event: ${event}\ndata: ${data}\n\n`, { look: this.#look, at: now, isBeat: isDue });
  }
}

/** What of the daemon somebody should hear at once; what is measured is a little different in each look. */
function news(daemon: Daemon): string {
  const clock = daemon.clock && { doubted: daemon.clock.doubted };
  return statusToJson({ ...daemon, ...(clock && { clock }), lastTick: 0, schedulerLag: 0 });
}
