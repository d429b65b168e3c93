import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { LeafdError } from "../domain/errors.ts";
import { type Millis, SECOND } from "../domain/units.ts";

/** Where the events of a leafd can be had, as lines: JSON objects without a line end. */
export interface EventSource {
  /** The last ones, oldest first; of one service when it is named. */
  recent(service?: string): readonly string[];
  /** Hands on each one from now on; answers what ends that. */
  follow(take: (line: string) => void, service?: string): () => void;
}

/** What is wanted of it. */
export interface EventRequest {
  readonly service?: string;
  /** Go on with what happens from now on. */
  readonly follow: boolean;
}

/** Places for those who only ask must stay free. */
const MOST_FOLLOWERS = 8;
/** What a reader may be behind, in bytes: more than all that is kept for it at the beginning. */
const MOST_BEHIND = 4 * 1024 * 1024;
/** How long one that was dropped may take to read what it was sent. */
const LAST_WORDS: Millis = 10 * SECOND;
/** At the end of leafd nobody is waited for longer than this. */
const FAREWELL: Millis = 0.2 * SECOND;

/** Sends events to clients as they read them; one that does not keep up is let go, and told so. */
export class EventStreams {
  readonly #source: EventSource;
  /** Ends of those that are followed. */
  readonly #open = new Map<ServerResponse, () => void>();

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** Answers with the events; LeafdError `request_denied` when too many follow already. */
  start(response: ServerResponse, { service, follow }: EventRequest): void {
    if (follow && this.#open.size >= MOST_FOLLOWERS)
      throw new LeafdError("request_denied", `${MOST_FOLLOWERS} others follow the events already`, {
        hint: "End one of them.",
      });
    response.writeHead(200, { "content-type": "application/x-ndjson", connection: "close" });
    response.write(
      this.#source
        .recent(service)
        .map((line) => `${line}\n`)
        .join(""),
    );
    if (!follow) return void response.end();
    const stop = this.#source.follow((line) => this.#send(response, line), service);
    this.#open.set(response, stop);
    response.once("close", () => this.#forget(response));
  }

  /** Ends every stream; whoever reads has what was sent before. */
  async end(): Promise<void> {
    const ended = [...this.#open.keys()].map((response) => {
      this.#forget(response);
      return new Promise((resolve) => response.once("close", resolve).end());
    });
    if (ended.length > 0) await Promise.race([Promise.all(ended), sleep(FAREWELL)]);
  }

  #send(response: ServerResponse, line: string): void {
    if (response.writableLength <= MOST_BEHIND) return void response.write(`${line}\n`);
    this.#forget(response);
    response.end(`${JSON.stringify({ note: "read too slowly: events are missing from here on" })}\n`);
    setTimeout(() => response.destroy(), LAST_WORDS).unref();
  }

  #forget(response: ServerResponse): void {
    this.#open.get(response)?.();
    this.#open.delete(response);
  }
}
