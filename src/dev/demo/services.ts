import { once } from "node:events";
import { request } from "node:https";
import { toLeafdError } from "../../domain/errors.ts";
import { type EpochMillis, type Millis, SECOND } from "../../domain/units.ts";
import {
  type AllowRules,
  type Handshake,
  type LivePair,
  MutualTlsAgent,
  type MutualTlsServer,
  mutualTlsServer,
  openPair,
} from "../../mtls/index.ts";
import { readPair } from "../../mtls/pair.ts";
import type { Clock } from "../../rotation/ports.ts";
import { type Row, shortSerial } from "./table.ts";

/** How often to look whether the first certificate is there. */
const LOOK_EVERY: Millis = 50;

interface ServiceOptions {
  readonly name: string;
  /** leafd's output directory for it. */
  readonly directory: string;
  readonly allow: AllowRules;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** What becomes of a call: answered, refused with 403, or neither. */
export type CallOutcome = "ok" | "denied" | "failed";

/** The SPIFFE ID of a service of the demo. */
export function spiffeIdOf(name: string): string {
  return `spiffe://demo/${name}`;
}

/**
 * Starts a service when its first certificate is there; rejects with the signal's reason when it aborts before.
 */
export async function startService(options: ServiceOptions, signal: AbortSignal): Promise<Service> {
  const pair = await firstPair(options, signal);
  const service = new Service(options, pair);
  await service.listen();
  return service;
}

async function firstPair({ name, directory, clock, say }: ServiceOptions, signal: AbortSignal): Promise<LivePair> {
  for (;;) {
    try {
      const pair = await openPair({
        directory,
        onEvent: (event) => event.kind === "kept" && say(`${name}: kept its certificate: ${event.message}`),
      });
      say(`${name}: first certificate ${shortSerial(pair.current.serial)}`);
      return pair;
    } catch (thrown) {
      if (toLeafdError(thrown).reason !== "target_missing") throw thrown;
      await clock.sleep(LOOK_EVERY, signal);
    }
  }
}

/** A small service as its author would write it with src/mtls, and a count of what came of its calls. */
export class Service implements AsyncDisposable {
  readonly name: string;
  /** Certificates that it took up after the first one. */
  rotations = 0;
  readonly calls: Record<CallOutcome, number> = { ok: 0, denied: 0, failed: 0 };
  /** Good handshakes that it began, and what went wrong in those of either side. */
  handshakes = 0;
  readonly handshakeFailures: string[] = [];
  readonly #options: ServiceOptions;
  readonly #pair: LivePair;
  readonly #server: MutualTlsServer;
  #reloadedAt: EpochMillis | undefined;
  #served: string | undefined;

  constructor(options: ServiceOptions, pair: LivePair) {
    const { name, allow, clock, say } = options;
    this.name = name;
    this.#options = options;
    this.#pair = pair;
    this.#server = mutualTlsServer({
      pair,
      allow,
      handler: (_request, response, caller) => void response.end(`Good day, ${caller.spiffeId}.\n`),
      onHandshake: (handshake) => this.#note(handshake),
    });
    let { serial } = pair.current;
    pair.subscribe((next) => {
      say(`${name}: took up ${shortSerial(next.serial)} in place of ${shortSerial(serial)}, without a restart`);
      serial = next.serial;
      this.rotations += 1;
      this.#reloadedAt = clock.now();
    });
  }

  /** On a free loopback port. */
  async listen(): Promise<void> {
    const { server } = this.#server;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }

  /** Calls another service with a handshake of its own, and counts the outcome. Never rejects. */
  async call(callee: Service, path: string): Promise<CallOutcome> {
    const agent = new MutualTlsAgent({
      pair: this.#pair,
      expect: [spiffeIdOf(callee.name)],
      onHandshake: (handshake) => {
        this.#note(handshake);
        if (handshake.peer !== undefined) callee.#served = handshake.peer.serial;
      },
    });
    const outcome = await this.#get({ agent, path, callee });
    agent.destroy();
    this.calls[outcome] += 1;
    return outcome;
  }

  /** The service as the table shows it. */
  async row(): Promise<Row> {
    const onDisk = await readPair(this.#options.directory).catch(() => undefined);
    return {
      name: this.name,
      rotations: this.rotations,
      ...this.calls,
      ...(onDisk && { onDisk: onDisk.serial, notAfter: onDisk.notAfter }),
      ...(this.#served !== undefined && { served: this.#served }),
      ...(this.#reloadedAt !== undefined && { reloadedAt: this.#reloadedAt }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.server.closeAllConnections();
    await this.#server.close();
    this.#pair.close();
  }

  async #get({ agent, path, callee }: { agent: MutualTlsAgent; path: string; callee: Service }): Promise<CallOutcome> {
    const signal = AbortSignal.timeout(5 * SECOND);
    const address = callee.#server.server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    try {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const outgoing = request({ host: "127.0.0.1", port, path, agent, signal }, (response) => {
          response.once("end", () => resolve(response.statusCode)).once("error", reject);
          response.resume();
        });
        outgoing.once("error", reject).end();
      });
      if (status === 200) return "ok";
      if (status === 403) return "denied";
      throw new Error(`answered ${status}`);
    } catch (thrown) {
      this.#options.say(`${this.name}: the call to ${callee.name} failed: ${toLeafdError(thrown).message}`);
      return "failed";
    }
  }

  #note({ side, result, message = "" }: Handshake): void {
    if (result !== "ok") this.handshakeFailures.push(`${this.name} as ${side}: ${result} ${message}`);
    else if (side === "client") this.handshakes += 1;
  }
}
