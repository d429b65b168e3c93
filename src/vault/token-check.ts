import { orAborted } from "../domain/abort.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { MINUTE, type Millis } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import type { VaultApi } from "./api.ts";
import type { LiveToken } from "./token-plan.ts";

/** A look-up is shared: it ends by the deadline of the request, not because one of those who wait goes away. */
const SHARED = new AbortController().signal;

/** How long a verdict stands, so that a service with a policy problem does not double the load. */
const STANDS: Millis = MINUTE;

/**
 * Tells a dead token from a policy problem, which Vault answers with the same 403: by `lookup-self`, once for all who
 * ask at the same time and at most once a minute.
 */
export class TokenCheck {
  readonly #api: VaultApi;
  readonly #clock: Clock;
  readonly #verdicts = new WeakMap<Secret<string>, { readonly at: Millis; readonly alive: Promise<boolean> }>();
  /** The policies do not grant lookup-self: it then fails for the best of tokens and proves nothing. */
  #blind = false;

  constructor(api: VaultApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Rejects with the LeafdError of the look-up when that did not reach Vault. */
  async alive(live: LiveToken, signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.monotonic();
    // Without a look-up a new login is the only way to find out, and that must not become one a request.
    if (this.#blind) return now - live.since < STANDS;
    const known = this.#verdicts.get(live.token);
    if (known !== undefined && now - known.at < STANDS) return orAborted(known.alive, signal);
    const alive = this.#lookUp(live.token);
    this.#verdicts.set(live.token, { at: now, alive });
    alive.catch(() => this.#verdicts.delete(live.token));
    return orAborted(alive, signal);
  }

  /** A token straight from a login was refused too: if the look-up refuses it as well, it is the look-up that is denied. */
  async learn(fresh: LiveToken, signal: AbortSignal): Promise<void> {
    if (!(await this.alive(fresh, signal))) this.#blind = true;
  }

  async #lookUp(token: Secret<string>): Promise<boolean> {
    try {
      await this.#api.send({ operation: "read", path: "auth/token/lookup-self", token }, SHARED);
      return true;
    } catch (thrown) {
      const error = toLeafdError(thrown);
      if (error.reason === "permission_denied" || error.reason === "token_invalid") return false;
      throw error;
    }
  }
}
