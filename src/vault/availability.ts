import { type LeafdError, type Reason, UNREACHABLE } from "../domain/errors.ts";
import type { EpochMillis } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";

/** True when the error tells that the address cannot serve, whatever is asked. */
export function isOutage(error: LeafdError): boolean {
  return UNREACHABLE.has(error.reason);
}

/** True when nobody was asked: the error says nothing about any address. */
export function isLocal(error: LeafdError): boolean {
  return error.reason === "cancelled" || error.reason === "credential_missing" || error.reason === "internal";
}

interface AvailabilityOptions {
  readonly cluster: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Turns what the requests met into `cluster_up` and `cluster_down`: one event a change, not one a request. */
export class Availability {
  readonly #options: AvailabilityOptions;
  #serving: string | undefined;
  #down: { readonly downFor: Reason; readonly since: EpochMillis } | undefined;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  /** The address that serves, or why none does, and since when; nothing before the first request. */
  get state(): { readonly serving?: string; readonly downFor?: Reason; readonly since?: EpochMillis } {
    return this.#serving === undefined ? { ...this.#down } : { serving: this.#serving };
  }

  /** `address` answered; `failed` says why the one that served before did not. */
  up(address: string, failed: LeafdError | undefined): void {
    if (this.#serving === address) return;
    if (this.#serving !== undefined && failed !== undefined) this.#emitDown(this.#serving, failed);
    this.#serving = address;
    this.#down = undefined;
    const { clock, cluster, emit } = this.#options;
    emit({ kind: "cluster_up", at: clock.now(), cluster, address });
  }

  /** No address can serve. */
  down(address: string, error: LeafdError): void {
    const { reason } = error;
    if (this.#down?.downFor === reason) return;
    this.#serving = undefined;
    this.#down = { downFor: reason, since: this.#down?.since ?? this.#options.clock.now() };
    this.#emitDown(address, error);
  }

  #emitDown(address: string, error: LeafdError): void {
    const { clock, cluster, emit } = this.#options;
    emit({ kind: "cluster_down", at: clock.now(), cluster, address, reason: error.reason, message: error.message });
  }
}
