import { reloadRetryDelay } from "../domain/backoff.ts";
import { failureOf } from "./attempt.ts";
import type { Telling } from "./deliver.ts";

/** The pair has ended and no other is there: does what the operator wants then, and says so. The pair stays on disk. */
export async function expire(work: Telling, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, say, reloads, chance } = work;
  const { atExpiry } = spec.outage;
  const action = atExpiry.kind;
  if (state.current === undefined) return;
  const { generation, notAfter } = state.current;
  try {
    if (atExpiry.kind !== "keep") {
      const about = { service: spec.name, directory: spec.output.directory, cause: "expired" as const };
      await reloads.deliver({ ...about, steps: atExpiry.steps }, signal);
    }
    say({ kind: "expired", generation, notAfter, action });
  } catch (thrown) {
    signal.throwIfAborted();
    const failures = (state.expiryTrouble?.failures ?? 0) + 1;
    const retryAt = ports.clock.now() + reloadRetryDelay(failures, chance("expire", failures));
    say({ kind: "expiry_failed", action, ...failureOf(thrown).fields, failures, retryAt });
  }
}
