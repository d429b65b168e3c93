import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { VaultApi } from "./api.ts";
import { isOutage } from "./availability.ts";
import { renewalOf } from "./replies.ts";
import type { HolderOptions, TokenHolder } from "./token-holder.ts";
import { endOf, type LiveToken, nextStep, renewalRetry } from "./token-plan.ts";

interface UpkeepOptions extends HolderOptions {
  readonly api: VaultApi;
  readonly holder: TokenHolder;
}

const RENEW = "auth/token/renew-self";
/** Looks at least this often: for changed credentials, and because the monotonic clock stands still in a suspend. */
const LONGEST_WAIT: Millis = 30 * SECOND;
/** While no login works, new credentials are looked for this often. */
const CREDENTIALS_EVERY: Millis = 5 * SECOND;

/** The loop that keeps the token alive: renews it, and logs in again before it ends for good. */
export class TokenUpkeep {
  readonly #options: UpkeepOptions;
  /** The token whose end has been announced. */
  #announced: Secret<string> | undefined;
  #failures = 0;
  #retryAt: Millis = 0;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts; resolves then. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#turn(signal);
      } catch {
        // The failure was an event of its own; a login has set its pause, which other credentials end.
        const { pause } = this.#options.holder;
        await this.#wait(Math.max(SECOND, Math.min(pause, CREDENTIALS_EVERY)), signal);
      }
    }
  }

  /** One thing that is due, or the wait for it. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, holder, method } = this.#options;
    const live = holder.live ?? (await holder.replace(signal));
    if (holder.outdated(live)) {
      await holder.replace(signal);
      return;
    }
    const step = nextStep(live, method.fixed);
    if (step.kind === "none") return this.#wait(LONGEST_WAIT, signal);
    const now = clock.monotonic();
    if (step.kind === "login") {
      if (now < step.foreseen) return this.#wait(step.foreseen - now, signal);
      this.#announce(live, step.why);
    }
    const due = Math.min(Math.max(step.at, this.#retryAt), endOf(live));
    if (now < due) return this.#wait(due - now, signal);
    if (step.kind === "renew") return this.#renew(live, signal);
    await holder.replace(signal);
  }

  async #renew(live: LiveToken, signal: AbortSignal): Promise<void> {
    const { api, clock, cluster, emit, holder } = this.#options;
    const since = clock.monotonic();
    try {
      const body = await api.send({ operation: "write", path: RENEW, token: live.token }, signal);
      const { ttl, renewable } = renewalOf(body, RENEW);
      this.#failures = 0;
      this.#retryAt = 0;
      emit({ kind: "token_renewed", at: clock.now(), cluster, ttl });
      holder.keep({ ...live, since, ttl, renewable, longest: Math.max(live.longest, ttl) });
    } catch (thrown) {
      this.#renewalFailed(live, toLeafdError(thrown));
    }
  }

  /** Vault is away: again, soon. Vault says no: the token lives on to its end, and a new login is due. */
  #renewalFailed(live: LiveToken, error: LeafdError): void {
    const { clock, holder } = this.#options;
    if (error.reason === "cancelled") return;
    if (isOutage(error) || error.reason === "quota" || error.reason === "server_error") {
      this.#failures += 1;
      const left = endOf(live) - clock.monotonic();
      this.#retryAt = clock.monotonic() + Math.max(renewalRetry(this.#failures, left), error.retryAfter ?? 0);
      return;
    }
    this.#announce(live, "renew_failed");
    holder.keep({ ...live, renewable: false });
  }

  #announce(live: LiveToken, why: "not_renewable" | "max_ttl" | "renew_failed"): void {
    if (this.#announced === live.token) return;
    this.#announced = live.token;
    this.#options.holder.ending(why);
  }

  /** Also ends when another token takes over. */
  async #wait(duration: Millis, signal: AbortSignal): Promise<void> {
    const { clock, holder } = this.#options;
    const either = AbortSignal.any([signal, holder.changed]);
    await clock.sleep(Math.min(duration, LONGEST_WAIT), either).catch(() => undefined);
  }
}
