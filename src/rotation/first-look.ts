import { type EpochMillis, MINUTE } from "../domain/units.ts";
import type { ServiceRunner } from "./runner.ts";

interface FirstLookOptions {
  readonly runners: readonly ServiceRunner[];
  readonly now: () => EpochMillis;
  /** Every pair is over, or none has begun: the clock may be wrong. `plausible` is when the newest of them was received. */
  readonly suspect: (plausible: EpochMillis) => void;
}

/**
 * The first look at all disks after a start. A clock that is years off makes every pair look expired, and would have
 * all of them replaced at once: whoever finds such a pair waits until all have been looked at and the clock is judged.
 */
export class FirstLook {
  readonly #options: FirstLookOptions;
  readonly #missing: Set<string>;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: FirstLookOptions) {
    this.#options = options;
    this.#missing = new Set(options.runners.map(({ spec }) => spec.name));
    if (this.#missing.size === 0) this.#done.resolve();
  }

  /** Resolves when all have been looked at. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** The service is no longer to be looked at. */
  forget(name: string): void {
    if (this.#missing.delete(name) && this.#missing.size === 0) this.#judge();
  }

  /** The disk of this service has been read, or could not be. Waits for the others where the time seems wrong. */
  async looked(runner: ServiceRunner): Promise<void> {
    if (this.#missing.delete(runner.spec.name) && this.#missing.size === 0) this.#judge();
    if (this.#isOdd(runner)) await this.#done.promise;
  }

  #judge(): void {
    const { runners, suspect } = this.#options;
    const pairs = runners.map(({ state }) => state.current).filter((leaf) => leaf !== undefined);
    if (pairs.length > 0 && runners.every((runner) => runner.state.current === undefined || this.#isOdd(runner)))
      suspect(Math.max(...pairs.map(({ receivedAt }) => receivedAt)));
    this.#done.resolve();
  }

  #isOdd({ state }: ServiceRunner): boolean {
    const { current } = state;
    const now = this.#options.now();
    return current !== undefined && (current.notAfter <= now || current.notBefore > now + MINUTE);
  }
}
