import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createInterface, type Interface } from "node:readline";
import { createGunzip } from "node:zlib";

/** One event of the stream of the status. */
export interface StatusEvent {
  readonly kind: string;
  readonly now: string;
  readonly daemon?: { readonly version: string; readonly configError?: unknown; readonly schedulerLag?: number };
  readonly services: readonly { readonly name: string; readonly state: string }[];
}

/** A client of the stream of server-sent events, closed at the end of a `using` scope. */
export class StatusEvents implements Disposable {
  readonly #response: IncomingMessage;
  readonly #lines: NodeJS.AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(response: IncomingMessage) {
    const isCompressed = response.headers["content-encoding"] === "gzip";
    this.#response = response;
    this.#reader = createInterface(isCompressed ? response.pipe(createGunzip()) : response);
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Opens the stream; rejects with the status of another answer than 200. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<StatusEvents> {
    const request = get(`${url}/status/stream`, { agent: false, headers });
    const [response]: IncomingMessage[] = await once(request, "response");
    if (response?.statusCode === 200) return new StatusEvents(response);
    request.destroy();
    throw new Error(`status ${response?.statusCode}`);
  }

  get headers(): IncomingMessage["headers"] {
    return this.#response.headers;
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<StatusEvent | undefined> {
    let kind = "";
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) return undefined;
      if (value.startsWith("event: ")) kind = value.slice("event: ".length);
      if (value.startsWith("data: ")) return { kind, ...JSON.parse(value.slice("data: ".length)) };
    }
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#response.destroy();
  }
}
