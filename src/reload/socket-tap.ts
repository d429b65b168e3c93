import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** A handshake with every CA that a server names fits many times. */
const LONGEST_FLIGHT = 1024 * 1024;

/** A connection that remembers the first bytes that came in, so that a handshake over it can be read as it was sent. */
export class SocketTap extends Duplex {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (this.#length < LONGEST_FLIGHT) this.#received.push(chunk);
      this.#length += chunk.length;
      if (!this.push(chunk)) socket.pause();
    });
    socket.once("end", () => this.push(null));
    socket.once("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }
}
