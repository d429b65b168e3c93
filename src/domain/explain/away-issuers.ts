import { afterProbe, afterRequest, type Circuit, isAway } from "../circuit.ts";
import type { Reason } from "../errors.ts";
import { type EpochMillis, NEVER } from "../units.ts";

/**
 * Circuits as they would go on if every issuer were away from now on: see foresee.ts. Nobody looks at the health of one
 * with success, so the looks are never due, and need not be played one by one.
 */
export class AwayIssuers {
  readonly #now: (issuer: string) => Circuit;
  readonly #circuits = new Map<string, Circuit>();

  /** `now`: the circuits as they are. */
  constructor(now: (issuer: string) => Circuit) {
    this.#now = now;
  }

  circuit(issuer: string): Circuit {
    const known = this.#circuits.get(issuer) ?? this.#now(issuer);
    if (known.kind === "closed" || (known.kind === "open" && known.probeAt === NEVER)) return known;
    // Whoever was away stays away, and whoever was coming back does not.
    const away = afterProbe(known, known.reason, NEVER);
    this.#circuits.set(issuer, away);
    return away;
  }

  /** One is asked in vain. Answers the reason, that of its last failure where there is one, and whether its circuit opens. */
  ask(issuer: string, { at, trouble }: { readonly at: EpochMillis; readonly trouble: Reason | undefined }) {
    const before = this.circuit(issuer);
    const known = before.kind === "closed" ? trouble : before.reason;
    const reason = known !== undefined && isAway(known) ? known : "connect";
    const after = afterRequest(before, { kind: "away", reason }, { at, probeAt: NEVER });
    this.#circuits.set(issuer, after);
    return { reason, opens: before.kind === "closed" && after.kind === "open" };
  }
}
