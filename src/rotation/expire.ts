import { reloadRetryDelay } from "../domain/backoff.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import { failureOf, type Job } from "./job.ts";
import type { ReloadQueue } from "./reload-queue.ts";

interface Expiry {
  readonly job: Job;
  readonly current: LeafFacts;
  readonly reloads: ReloadQueue;
  readonly chance: (count: number) => number;
}

/** The pair has ended and no other is there: does what the operator wants then, and says so. The pair stays on disk. */
export async function expire({ job, current, reloads, chance }: Expiry, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, say } = job;
  const { atExpiry } = spec.outage;
  const { generation, notAfter } = current;
  const action = atExpiry.kind;
  try {
    if (atExpiry.kind !== "keep") {
      const about = { service: spec.name, directory: spec.output.directory, cause: "expired" as const };
      await reloads.deliver({ ...about, steps: atExpiry.steps }, signal);
    }
    say({ kind: "expired", generation, notAfter, action });
  } catch (thrown) {
    signal.throwIfAborted();
    const failures = (state.expiryTrouble?.failures ?? 0) + 1;
    const retryAt = ports.clock.now() + reloadRetryDelay(failures, chance(failures));
    say({ kind: "expiry_failed", action, ...failureOf(thrown).fields, failures, retryAt });
  }
}
