import { orAborted } from "../domain/abort.ts";
import type { LoginTrouble } from "../domain/cluster-status.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import type { AuthMethod } from "./auth/method.ts";
import { Logins } from "./logins.ts";
import { endOf, type LiveToken } from "./token-plan.ts";

export interface HolderOptions {
  readonly cluster: string;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How often changed credentials are looked for. */
const CREDENTIALS_EVERY: Millis = SECOND;

/** The token in use. A login that fails costs nothing while an older token lives. */
export class TokenHolder {
  readonly #options: HolderOptions;
  readonly #logins: Logins;
  #live: LiveToken | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #changed = new AbortController();

  constructor(options: HolderOptions) {
    this.#options = options;
    this.#logins = new Logins({ ...options, adopt: (live) => this.keep(live) });
  }

  /** The token in use; undefined when there is none or it has ended. */
  get live(): LiveToken | undefined {
    const live = this.#live;
    return live !== undefined && this.#options.clock.monotonic() < endOf(live) ? live : undefined;
  }

  /** Aborts when another token takes over, or the one in use gets another life. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  get loginTrouble(): LoginTrouble | undefined {
    return this.#logins.trouble;
  }

  /** How long no login will be tried. */
  get pause(): Millis {
    return this.#logins.pause;
  }

  /** The token in use, after a login when there is none or the credentials have changed. */
  async current(signal: AbortSignal): Promise<LiveToken> {
    const { live } = this;
    if (live === undefined) return this.replace(signal);
    if (!this.outdated(live)) return live;
    return this.replace(signal).catch(() => this.live ?? live);
  }

  /** True when the credentials are others than those that `live` was made with. Looks once a second at most. */
  outdated(live: LiveToken): boolean {
    const now = this.#options.clock.monotonic();
    if (now - this.#lookedAt < CREDENTIALS_EVERY) return false;
    this.#lookedAt = now;
    const fingerprint = this.#options.method.fingerprint?.();
    return fingerprint !== undefined && fingerprint !== live.fingerprint;
  }

  /** A new login, shared with all who wait for one; the token in use stays when it fails. */
  replace(signal: AbortSignal): Promise<LiveToken> {
    return orAborted(this.#logins.attempt(), signal);
  }

  /** Puts another token, or the same with another life, in force. */
  keep(live: LiveToken): void {
    this.#live = live;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** Forgets a token that is dead, unless another one has taken over already. */
  drop(dead: LiveToken): void {
    if (this.#live?.token !== dead.token) return;
    this.#live = undefined;
    this.ending("invalid");
  }

  ending(why: "not_renewable" | "max_ttl" | "renew_failed" | "invalid"): void {
    const { clock, cluster, emit } = this.#options;
    emit({ kind: "token_ending", at: clock.now(), cluster, why });
  }

  close(): void {
    this.#logins.close();
  }
}
