import { Agent, type AgentOptions, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate, TLSSocket } from "node:tls";
import { toLeafdError } from "../domain/errors.ts";
import { contextOptions } from "./context.ts";
import {
  type Handshake,
  type HandshakeCounter,
  type HandshakeCounts,
  handshakeCounter,
  resultOf,
  WRONG_IDENTITY,
} from "./handshake.ts";
import { identityOf, peerIdentity } from "./identity.ts";
import type { LivePair } from "./live-pair.ts";
import { spiffeIdMatcher } from "./spiffe-ids.ts";

export interface ClientOptions {
  readonly pair: LivePair;
  /**
   * The SPIFFE IDs that the server may have (entries as `spiffeIdMatcher` takes them); its host name is not looked at
   * then. Absent: the host name decides, as everywhere.
   */
  readonly expect?: readonly string[];
}

/**
 * Options for one `tls.connect` or `https.request` with the pair that is current now: call it anew for each. Throws a
 * LeafdError `config_invalid` for an expected id that is none.
 */
export function connectOptions({ pair, expect }: ClientOptions): ConnectionOptions {
  return {
    ...contextOptions(pair.current),
    rejectUnauthorized: true,
    checkServerIdentity: expect === undefined ? checkServerIdentity : serverIdentityCheck(expect),
  };
}

/** As Node wants it: what is wrong is answered, not thrown. */
function serverIdentityCheck(
  expect: readonly string[],
): (host: string, certificate: PeerCertificate) => Error | undefined {
  const isExpected = spiffeIdMatcher(expect);
  return (host, { raw }) => {
    try {
      const { spiffeId = "no SPIFFE ID", serial } = identityOf(raw);
      if (isExpected(spiffeId)) return undefined;
      return wrongIdentity(`${host} showed certificate ${serial} of ${spiffeId}, expected ${expect.join(" or ")}`);
    } catch (thrown) {
      return wrongIdentity(toLeafdError(thrown).message);
    }
  };
}

function wrongIdentity(message: string): Error {
  return Object.assign(new Error(message), { code: WRONG_IDENTITY });
}

export interface MutualTlsAgentOptions extends ClientOptions {
  /** Hears of every handshake of this agent. Must not throw. */
  readonly onHandshake?: (handshake: Handshake) => void;
  /** Such as `keepAlive` and `maxSockets`. */
  readonly agent?: AgentOptions;
}

/**
 * An agent for `https.request`: every new connection uses the pair that is current then, and no session is resumed.
 * A connection made with an older pair finishes its request and is not used again. `destroy()` ends it, as any agent.
 */
export class MutualTlsAgent extends Agent {
  readonly #options: MutualTlsAgentOptions;
  readonly #handshakes: HandshakeCounter;
  readonly #generations = new WeakMap<Duplex, string>();
  readonly #unsubscribe: () => void;

  /** Throws a LeafdError `config_invalid` for an expected id that is none. */
  constructor(options: MutualTlsAgentOptions) {
    super({ ...options.agent, ...connectOptions(options), maxCachedSessions: 0 });
    this.#options = options;
    this.#handshakes = handshakeCounter(options.onHandshake);
    this.#unsubscribe = options.pair.subscribe(() => this.#dropIdle());
  }

  handshakes(): HandshakeCounts {
    return this.#handshakes.snapshot();
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const socket = super.createConnection({ ...options, ...connectOptions(this.#options) }, callback);
    if (socket instanceof TLSSocket) {
      this.#generations.set(socket, this.#options.pair.current.generation);
      this.#observe(socket);
    }
    return socket;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#generations.get(socket) !== this.#options.pair.current.generation) return false;
    super.keepSocketAlive(socket);
    return true;
  }

  override destroy(): void {
    this.#unsubscribe();
    super.destroy();
  }

  #dropIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** A connection that was never made is no handshake. What comes after the handshake is none either. */
  #observe(socket: TLSSocket): void {
    const failed = (error: NodeJS.ErrnoException): void => {
      this.#handshakes.record({ side: "client", result: resultOf(error.code), message: error.message });
    };
    socket.once("connect", () => socket.once("error", failed));
    socket.once("secureConnect", () => {
      socket.off("error", failed);
      this.#handshakes.record({ side: "client", result: "ok", peer: peerIdentity(socket) });
    });
  }
}
