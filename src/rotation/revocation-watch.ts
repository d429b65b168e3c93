import { follow } from "../domain/abort.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import { lookForRevocation } from "../domain/schedule.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Work } from "./job.ts";
import type { Clock } from "./ports.ts";

/** An issuer that takes longer is asked again another time: nothing waits for this answer. */
const PATIENCE: Millis = 2 * SECOND;

/** Asks the issuer now and then whether it has taken back the certificate that serves. */
export class RevocationWatch {
  readonly #clock: Clock;
  /** A restart is no reason to ask: that would be a storm where there are many services. */
  #askedAt: Millis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#askedAt = clock.monotonic();
  }

  /** True when it was due to ask and the issuer said so; that it cannot be asked means nothing. Rejects only when aborted. */
  async isRevoked({ issuers }: Pick<Work, "issuers">, current: LeafFacts, signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.monotonic();
    const issuer = issuers.find(({ name }) => name === current.issuer);
    if (issuer?.isRevoked === undefined || now - this.#askedAt < lookForRevocation(current)) return false;
    this.#askedAt = now;
    using enough = follow(signal);
    const asking = issuer.isRevoked(current.serial, enough.signal).catch(() => false);
    const patience = this.#clock.sleep(PATIENCE, enough.signal).then(
      () => false,
      () => false,
    );
    const answer = await Promise.race([asking, patience]);
    enough.abort();
    signal.throwIfAborted();
    return answer;
  }
}
