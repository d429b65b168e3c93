import type { Secret } from "../domain/secret.ts";
import { MINUTE, type Millis, SECOND } from "../domain/units.ts";

/** The token in use. Times are on the monotonic axis. */
export interface LiveToken {
  readonly token: Secret<string>;
  /** When it was granted or last renewed. */
  readonly since: Millis;
  /** What it had left then; 0: it does not end. */
  readonly ttl: Millis;
  /** The longest life that a grant or renewal of it gave. */
  readonly longest: Millis;
  readonly renewable: boolean;
  /** The `fingerprint` of the credentials it was made with. */
  readonly fingerprint: string | undefined;
}

export type TokenStep =
  | { readonly kind: "none" }
  | { readonly kind: "renew"; readonly at: Millis }
  | {
      readonly kind: "login";
      readonly at: Millis;
      readonly why: "not_renewable" | "max_ttl";
      /** When the end is in sight. */
      readonly foreseen: Millis;
    };

/** Where in its life a token is renewed or replaced: late enough to be rare, early enough for several attempts. */
const FRACTION = 2 / 3;

/** A renewal that gives less than this part of an earlier life is capped; what rounds to whole seconds is not. */
const SHORTENED = 0.9;

/** When the token ends; Infinity when it does not. */
export function endOf(live: LiveToken): Millis {
  return live.ttl === 0 ? Number.POSITIVE_INFINITY : live.since + live.ttl;
}

/**
 * What the token needs next, and when. A renewal that gave less than an earlier one has met the maximum TTL: from
 * there on only a new login helps. A `fixed` token comes back from a login as it is, so there the login waits for the end.
 */
export function nextStep(live: LiveToken, fixed: boolean): TokenStep {
  if (live.ttl === 0) return { kind: "none" };
  const at = live.since + live.ttl * FRACTION;
  const capped = live.ttl < live.longest * SHORTENED;
  if (live.renewable && !capped) return { kind: "renew", at };
  const end = fixed ? endOf(live) : at;
  if (capped) return { kind: "login", at: end, why: "max_ttl", foreseen: live.since };
  return { kind: "login", at: end, why: "not_renewable", foreseen: at };
}

/** How long to leave Vault alone after the nth failure in a row to renew, with `left` of the token's life to go. */
export function renewalRetry(failures: number, left: Millis): Millis {
  return Math.max(SECOND, Math.min(SECOND * 2 ** (failures - 1), left / 10, MINUTE));
}
