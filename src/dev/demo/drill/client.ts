import { once } from "node:events";
import { connect } from "node:tls";
import { type Millis, SECOND } from "../../../domain/units.ts";
import type { Clock } from "../../../rotation/ports.ts";

/** How long a client knocks at a door that nobody opens: a server that is being restarted. */
const KNOCKING: Millis = 5 * SECOND;
const KNOCK_EVERY: Millis = 50;

/** No handshake was begun. */
const TURNED_AWAY: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ECONNRESET"]);

interface ClientOptions {
  readonly port: number;
  readonly serverName: string;
  /** Trust anchors, PEM. */
  readonly trust: string;
  readonly clock: Clock;
}

/** A client that makes a fresh, fully verified handshake each time: no session is resumed. */
export class Client {
  good = 0;
  readonly failures: string[] = [];
  /** Connections that found nobody listening, and were tried again. */
  turnedAway = 0;
  /** The serial that was shown last, lower-case hex. */
  served: string | undefined;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** One handshake, counted. Never rejects. */
  async shake(): Promise<void> {
    const { clock } = this.#options;
    const patience = clock.monotonic() + KNOCKING;
    for (;;) {
      const problem = await this.#try();
      if (problem === undefined) {
        this.good += 1;
        return;
      }
      if (!TURNED_AWAY.has(problem.code) || clock.monotonic() > patience) {
        this.failures.push(problem.message);
        return;
      }
      this.turnedAway += 1;
      await clock.sleep(KNOCK_EVERY);
    }
  }

  async #try(): Promise<{ code: unknown; message: string } | undefined> {
    const { port, serverName, trust } = this.#options;
    const socket = connect({ host: "127.0.0.1", port, servername: serverName, ca: trust, timeout: KNOCKING });
    try {
      await once(socket, "secureConnect");
      this.served = socket.getPeerX509Certificate()?.serialNumber.toLowerCase();
      return undefined;
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      return { code: thrown instanceof Error && "code" in thrown ? thrown.code : undefined, message };
    } finally {
      socket.destroy();
    }
  }
}
