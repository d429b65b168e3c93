import type { LoginTrouble } from "../domain/cluster-status.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import { type EpochMillis, MINUTE, type Millis, SECOND } from "../domain/units.ts";
import type { Clock, Emit } from "../rotation/ports.ts";
import { CredentialRefused } from "./auth/login.ts";
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
  /** Of the first one in a row, by the wall clock. */
  readonly since: EpochMillis;
  /** No attempt before this, on the monotonic axis. */
  readonly until: Millis;
  readonly fingerprint: string | undefined;
}

/**
 * Vault and OpenBao lock a role-id or a user out, for everybody who logs in with it, after five refusals of which none
 * came 15 min after the one before: https://openbao.org/docs/concepts/user-lockout. So the same credential is tried four
 * times, and then only after the count is over; another one on disk is tried at once.
 */
const PAUSES_AFTER_REFUSALS: readonly Millis[] = [SECOND, 5 * SECOND, MINUTE];
const AFTER_LOCKOUT_COUNT: Millis = 16 * MINUTE;

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
  /** Refusals of the same credential in a row. */
  #refusals = 0;
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

  /** Why the last attempt failed; undefined when it did not. */
  get trouble(): LoginTrouble | undefined {
    if (this.#failure === undefined) return undefined;
    const { error, since } = this.#failure;
    return { reason: error.reason, since, retryAt: this.#options.clock.now() + this.pause };
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
      this.#refusals = 0;
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

  #pauseAfter(error: LeafdError, fingerprint: string | undefined): Millis {
    if (error instanceof CredentialRefused) {
      if (this.#failure?.fingerprint !== fingerprint) this.#refusals = 0;
      this.#refusals += 1;
      return PAUSES_AFTER_REFUSALS[this.#refusals - 1] ?? AFTER_LOCKOUT_COUNT;
    }
    const longest = isOutage(error) || isLocal(error) ? LONGEST_CHEAP_PAUSE : MINUTE;
    return Math.min(SECOND * 2 ** this.#failures, longest);
  }

  #failed(error: LeafdError, fingerprint: string | undefined): void {
    const { cluster, method, clock, emit } = this.#options;
    const { reason, message, hint } = error;
    const pause = Math.max(this.#pauseAfter(error, fingerprint), error.retryAfter ?? 0);
    const known = this.#failure?.error.reason === reason && clock.monotonic() - this.#toldAt < MINUTE;
    this.#failures += 1;
    const since = this.#failure?.since ?? clock.now();
    this.#failure = { error, since, until: clock.monotonic() + pause, fingerprint };
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
