import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import type { Millis } from "../domain/units.ts";

/** When a browser comes back after the connection has broken. */
const RETRY: Millis = 2000;

/** One client of the stream. Nothing is written before it has taken what was written last, so it costs one event at most. */
export class StreamReader {
  readonly #response: ServerResponse;
  readonly #out: Writable;
  #busy = false;
  #sentAt: Millis = 0;
  #beatAt: Millis = Number.NEGATIVE_INFINITY;
  #look = 0;

  constructor(response: ServerResponse, { gzip }: { gzip: boolean }) {
    this.#response = response;
    this.#out = gzip ? compressed(response) : response;
    this.#out.write(`retry: ${RETRY}\n\n`);
  }

  /** False: it went away before it was admitted. */
  get isOpen(): boolean {
    return !this.#response.destroyed;
  }

  /** The look that it was last told of. */
  get look(): number {
    return this.#look;
  }

  /** When it was last told of the daemon, by the monotonic clock. */
  get beatAt(): Millis {
    return this.#beatAt;
  }

  /** For how long it has not taken what was sent; 0: it has. */
  waitsFor(now: Millis): Millis {
    return this.#busy ? Math.max(1, now - this.#sentAt) : 0;
  }

  send(event: string, { look, at, isBeat }: { look: number; at: Millis; isBeat: boolean }): void {
    this.#look = look;
    this.#sentAt = at;
    if (isBeat) this.#beatAt = at;
    this.#busy = true;
    this.#out.write(event, () => {
      this.#busy = false;
    });
  }

  whenClosed(then: () => void): void {
    this.#response.once("close", then);
  }

  end(): void {
    this.#out.end();
  }

  /** Ends it without waiting for the client. */
  cut(): void {
    this.#response.destroy();
  }
}

/** Each event leaves at once, as a whole. */
function compressed(response: ServerResponse): Writable {
  const gzip = createGzip({
    level: constants.Z_BEST_SPEED,
    flush: constants.Z_SYNC_FLUSH,
    memLevel: 6,
    windowBits: 13,
  });
  gzip.pipe(response);
  response.once("close", () => gzip.destroy());
  return gzip;
}
