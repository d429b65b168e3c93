import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { MINUTE, type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import type { AuthMethod } from "./auth/method.ts";
import { isLocal, isOutage } from "./availability.ts";
import type { Grant } from "./replies.ts";
import type { LiveToken } from "./token-plan.ts";

interface LoginsOptions {
  readonly cluster: string;
  readonly method: AuthMethod;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Takes the new token, also when those who waited for it have gone. */
  readonly adopt: (live: LiveToken) => void;
}

interface Failure {
  readonly error: LeafdError;
  /** No attempt before this, on the monotonic axis. */
  readonly until: Millis;
  readonly fingerprint: string | undefined;
}

/** While Vault or a credential file is away a login is tried this often at least, so that its return is noticed. */
const LONGEST_CHEAP_PAUSE: Millis = 5 * SECOND;

/**
 * Logging in: one attempt at a time, however many services wait for it, and after a failure a pause in which all get
 * the same error. New credentials on disk end the pause. A failure that lasts is an event once a minute.
 */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #stop = new AbortController();
  #running: Promise<LiveToken> | undefined;
  #failure: Failure | undefined;
  #failures = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** A new token, or the error of the attempt that failed lately. The attempt itself outlives the caller's patience. */
  attempt(): Promise<LiveToken> {
    if (this.#running !== undefined) return this.#running;
    if (this.pause > 0 && this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const running = this.#logIn().finally(() => (this.#running = undefined));
    this.#running = running;
    return running;
  }

  /** How long there will be no further attempt. */
  get pause(): Millis {
    const { clock, method } = this.#options;
    if (this.#failure === undefined) return 0;
    const fingerprint = method.fingerprint?.();
    if (fingerprint !== undefined && fingerprint !== this.#failure.fingerprint) return 0;
    return Math.max(0, this.#failure.until - clock.monotonic());
  }

  /** Ends an attempt that is under way. */
  close(): void {
    this.#stop.abort();
  }

  async #logIn(): Promise<LiveToken> {
    const { cluster, method, clock, emit, adopt } = this.#options;
    const since = clock.monotonic();
    let fingerprint: string | undefined;
    try {
      fingerprint = method.fingerprint?.();
      const grant = refuseCounted(await method.login(this.#stop.signal));
      this.#failure = undefined;
      this.#failures = 0;
      const { ttl, renewable, warnings } = grant;
      emit({ kind: "logged_in", at: clock.now(), cluster, method: method.kind, ttl, renewable, warnings });
      const live = { token: grant.token, since, ttl, longest: ttl, renewable, fingerprint };
      adopt(live);
      return live;
    } catch (thrown) {
      const error = toLeafdError(thrown);
      if (error.reason !== "cancelled") this.#failed(error, fingerprint);
      throw error;
    }
  }

  #failed(error: LeafdError, fingerprint: string | undefined): void {
    const { cluster, method, clock, emit } = this.#options;
    const { reason, message, hint } = error;
    const longest = isOutage(error) || isLocal(error) ? LONGEST_CHEAP_PAUSE : MINUTE;
    const pause = Math.max(Math.min(SECOND * 2 ** this.#failures, longest), error.retryAfter ?? 0);
    const known = this.#failure?.error.reason === reason && clock.monotonic() - this.#toldAt < MINUTE;
    this.#failures += 1;
    this.#failure = { error, until: clock.monotonic() + pause, fingerprint };
    if (known) return;
    this.#toldAt = clock.monotonic();
    emit({
      kind: "login_failed",
      at: clock.now(),
      cluster,
      method: method.kind,
      reason,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** A token that is good for a number of requests would end in the middle of a rotation. */
function refuseCounted(grant: Grant): Grant {
  if (grant.uses === 0) return grant;
  throw new LeafdError("login_denied", `the token is good for ${grant.uses} requests only`, {
    hint: "set token_num_uses=0 on the role (or num_uses=0 on the token): leafd needs a token without a count",
  });
}
