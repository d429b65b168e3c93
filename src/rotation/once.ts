import type { Act } from "../domain/act.ts";
import type { EpochMillis, Millis } from "../domain/units.ts";
import type { Clock } from "./ports.ts";
import type { ServiceRunner } from "./runner.ts";

export interface OnceOptions {
  readonly clock: Clock;
  /** A pair that lives shorter than this is not good enough. */
  readonly minRemaining: Millis;
  /** Also pay the reloads that are owed. */
  readonly reload: boolean;
  /** When this aborts there are no more retries: a service that nobody requires is not worth waiting for. */
  readonly patience?: AbortSignal;
}

/** What it takes to have a pair on disk. */
const ENSURE: ReadonlySet<Act["kind"]> = new Set(["recover", "issue", "republish", "use_reserve"]);
/** The same, and the dependents know it. */
const TELL: ReadonlySet<Act["kind"]> = new Set([...ENSURE, "reload"]);

/**
 * Works on one service until it has a good pair: the init container's job. What is good on disk costs nothing and needs
 * no Vault. Resolves when it is done or has lost its patience, rejects when the signal aborts before.
 */
export async function ensure(runner: ServiceRunner, options: OnceOptions, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (isGood(runner, options) && !(options.reload && runner.state.reloadOwed)) return;
    // The issuer gives no longer life than this: another certificate would be as short.
    if (tooShort(runner, options) && runner.state.rotations > 0) return;
    if (tooShort(runner, options) && !runner.state.renewalAsked)
      runner.say({ kind: "renewal_requested", by: "operator", force: false });
    const decision = runner.decide(options.reload ? TELL : ENSURE);
    if (decision.kind === "wait") {
      if (options.patience?.aborted) return;
      await nap(decision.until, options, signal);
    } else await runner.carryOut(decision, signal);
  }
}

/** Until the next try, or until there is no patience left for it. */
async function nap(until: EpochMillis, { clock, patience }: OnceOptions, signal: AbortSignal): Promise<void> {
  const either = patience === undefined ? signal : AbortSignal.any([signal, patience]);
  try {
    await clock.sleep(until - clock.now(), either);
  } catch (thrown) {
    if (signal.aborted || !either.aborted) throw thrown;
  }
}

/** A service has a good pair: in force for long enough, and what the configuration asks for. */
export function isGood(runner: ServiceRunner, options: Pick<OnceOptions, "clock" | "minRemaining">): boolean {
  const { recovered, current, outdated } = runner.state;
  return recovered && current !== undefined && outdated === undefined && !tooShort(runner, options);
}

function tooShort(
  runner: ServiceRunner,
  { clock, minRemaining }: Pick<OnceOptions, "clock" | "minRemaining">,
): boolean {
  const { current } = runner.state;
  return current !== undefined && current.notAfter - clock.now() <= Math.max(0, minRemaining);
}
