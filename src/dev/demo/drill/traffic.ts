import type { Millis } from "../../../domain/units.ts";
import type { Clock } from "../../../rotation/ports.ts";
import type { Service } from "../services.ts";
import type { Client } from "./client.ts";

const EVERY: Millis = 150;

export interface Handshakes {
  readonly good: number;
  readonly failures: readonly string[];
}

interface TrafficOptions {
  readonly payments: Service;
  readonly orders: Service;
  readonly client: Client;
  readonly clock: Clock;
}

/** Handshakes all the time: payments and orders call each other over mutual TLS, a client asks `web`. */
export class Traffic implements AsyncDisposable {
  readonly #options: TrafficOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Since the beginning. */
  get handshakes(): Handshakes {
    const { payments, orders, client } = this.#options;
    const services = [payments, orders];
    return {
      good: services.reduce((sum, { handshakes }) => sum + handshakes, client.good),
      failures: [
        ...services.flatMap(({ handshakeFailures }) => handshakeFailures),
        ...services.flatMap(({ name, calls }) =>
          Array.from({ length: calls.failed }, () => `a call of ${name} failed`),
        ),
        ...client.failures,
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { payments, orders, client, clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      await Promise.all([payments.call(orders, "/orders"), orders.call(payments, "/balance"), client.shake()]);
      await clock.sleep(EVERY, this.#stop.signal).catch(() => {});
    }
  }
}
