import { LeafdError } from "../domain/errors.ts";
import type { LeafFacts } from "../domain/events.ts";
import { reloadHash } from "../domain/request.ts";
import type { ServiceSpec } from "../domain/spec.ts";
import type { ServiceState } from "../domain/state.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Ports } from "./job.ts";
import type { Clock } from "./ports.ts";
import type { ReloadQueue } from "./reload-queue.ts";

/*
 * Pays a reload that is owed: tells the dependents, then writes down that they know. Owed from the commit on, so that a
 * crash anywhere in between repeats it and never loses it.
 */

/** When a renewal is due already, a reload that comes before it may take this long. */
const PATIENCE: Millis = 30 * SECOND;

interface Delivery {
  readonly spec: ServiceSpec;
  readonly state: ServiceState;
  readonly current: LeafFacts;
  readonly ports: Pick<Ports, "clock" | "store">;
  readonly reloads: ReloadQueue;
}

/** Rejects with a ReloadStepError, or a reason of "the disk" when the record could not be written. */
export async function deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
  const { spec, state, current, ports, reloads } = delivery;
  const { clock, store } = ports;
  const { reload: steps, output, name: service } = spec;
  const { generation, due } = current;
  const order = { service, steps, directory: output.directory, generation, cause: state.published ?? "reload_owed" };
  const left = due - clock.now();
  // A hook that hangs must not keep the service from its renewal.
  const limit = { clock, duration: left > 0 ? left : PATIENCE };
  await within(limit, (either) => reloads.deliver(order, either), signal);
  await store.recordDelivery(output, { generation, reloadHash: reloadHash(steps), at: clock.now() });
}

interface Limit {
  readonly clock: Clock;
  readonly duration: Millis;
}

async function within(limit: Limit, work: (either: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const done = new AbortController();
  const timer = limit.clock.sleep(limit.duration, AbortSignal.any([signal, done.signal]));
  timer.then(
    () => over.abort(),
    () => undefined,
  );
  try {
    await work(AbortSignal.any([signal, over.signal]));
  } catch (thrown) {
    if (!over.signal.aborted || signal.aborted) throw thrown;
    throw new LeafdError("reload_timeout", "the reload had not ended when the renewal was due", {
      hint: "Find out why it hangs, or give it a shorter timeout.",
    });
  } finally {
    done.abort();
  }
}
