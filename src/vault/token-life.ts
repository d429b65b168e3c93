import { orAborted } from "../domain/abort.ts";
import type { LoginTrouble } from "../domain/cluster-status.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { type EpochMillis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import type { VaultApi } from "./api.ts";
import type { AuthMethod } from "./auth/method.ts";
import { TokenCheck } from "./token-check.ts";
import { TokenHolder } from "./token-holder.ts";
import { endOf, type LiveToken } from "./token-plan.ts";
import { TokenUpkeep } from "./token-upkeep.ts";

interface SessionOptions {
  readonly cluster: string;
  readonly api: VaultApi;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How often a request is made while a follower catches up (412), and the first pause. */
const CATCH_UP = { attempts: 3, pause: SECOND / 5 };

/**
 * The token of one cluster: made when somebody needs it, and kept alive while `run` runs. No token is ever revoked
 * here, because the end of a token ends its leases.
 */
export class Session {
  readonly #clock: Clock;
  readonly #holder: TokenHolder;
  readonly #upkeep: TokenUpkeep;
  readonly #check: TokenCheck;

  constructor(options: SessionOptions) {
    this.#clock = options.clock;
    this.#holder = new TokenHolder(options);
    this.#upkeep = new TokenUpkeep({ ...options, holder: this.#holder });
    this.#check = new TokenCheck(options.api, options.clock);
  }

  /** The token now, after a login if need be. Rejects with the reasons of `AuthMethod.login`. */
  async token(signal: AbortSignal): Promise<Secret<string>> {
    return (await this.#holder.current(signal)).token;
  }

  /**
   * Runs a request with the token. After a 403 the token is checked: when it is dead, a new login and once more; when
   * it lives, the 403 is a matter of policy and stays `permission_denied`. A 412 is repeated a few times.
   */
  async call<T>(work: (token: Secret<string>) => Promise<T>, signal: AbortSignal): Promise<T> {
    const live = await this.#holder.current(signal);
    try {
      return await this.#patiently(() => work(live.token), signal);
    } catch (thrown) {
      if (!(await this.#isDead(live, thrown, signal))) throw thrown;
    }
    this.#holder.drop(live);
    const fresh = await this.#holder.current(signal);
    try {
      return await this.#patiently(() => work(fresh.token), signal);
    } catch (thrown) {
      if (toLeafdError(thrown).reason === "permission_denied") await this.#check.learn(fresh, signal);
      throw thrown;
    }
  }

  /** When the token in use ends, by the wall clock; undefined without one, or when it does not end. */
  get expires(): EpochMillis | undefined {
    const { live } = this.#holder;
    if (live === undefined || live.ttl === 0) return undefined;
    return Math.round(this.#clock.now() + endOf(live) - this.#clock.monotonic());
  }

  /** Why the last login failed; undefined when it did not. */
  get loginTrouble(): LoginTrouble | undefined {
    return this.#holder.loginTrouble;
  }

  /** Keeps the token alive until the signal aborts; resolves then. */
  run(signal: AbortSignal): Promise<void> {
    return this.#upkeep.run(signal);
  }

  /** Ends a login that is under way. */
  close(): void {
    this.#holder.close();
  }

  async #isDead(live: LiveToken, thrown: unknown, signal: AbortSignal): Promise<boolean> {
    const { reason } = toLeafdError(thrown);
    if (reason === "token_invalid") return true;
    return reason === "permission_denied" && !(await this.#check.alive(live, signal));
  }

  async #patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (thrown) {
        if (toLeafdError(thrown).reason !== "not_consistent" || attempt === CATCH_UP.attempts) throw thrown;
      }
      await orAborted(this.#clock.sleep(CATCH_UP.pause * attempt, signal), signal);
    }
  }
}
