import { follow } from "../domain/abort.ts";
import { LeafdError } from "../domain/errors.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { reloadHash } from "../domain/request.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Job } from "./job.ts";
import type { Clock } from "./ports.ts";
import { checkSwapped } from "./pre-reload.ts";
import type { ReloadQueue } from "./reload-queue.ts";

/*
 * Pays a reload that is owed: tells the dependents, then writes down that they know. Owed from the commit on, so that a
 * crash anywhere in between repeats it and never loses it.
 */

/** When a renewal is due already, a reload that comes before it may take this long. */
const PATIENCE: Millis = 30 * SECOND;

/** Proofs that fail before the first step of `escalate`: the first is answered by another reload. */
const BEFORE_ESCALATION = 2;

interface Delivery {
  readonly job: Job;
  readonly current: LeafFacts;
  readonly reloads: ReloadQueue;
}

/** Rejects with a ReloadStepError, a reason of `preReload`, or one of "the disk" when the record could not be written. */
export async function deliver({ job, current, reloads }: Delivery, signal: AbortSignal): Promise<void> {
  const { spec, state, ports } = job;
  const { clock } = ports;
  const { generation, due } = current;
  const { steps, escalation } = stepsFor(job);
  const about = { service: spec.name, directory: spec.output.directory, cause: state.published ?? "reload_owed" };
  // Other steps for the same generation are another order.
  const order = { ...about, steps, generation: `${generation} ${escalation?.step ?? 0}` };
  const left = due - clock.now();
  // A hook that hangs must not keep the service from its renewal.
  const limit = { clock, duration: left > 0 ? left : PATIENCE };
  const work = async (either: AbortSignal): Promise<void> => {
    await checkSwapped(job, generation, either);
    await reloads.deliver(order, either);
  };
  await within(limit, work, signal);
  if (escalation !== undefined) job.say({ kind: "escalated", ...escalation });
  await recordDelivery(job, current);
}

/** Writes down that the dependents have been told of this generation. */
export async function recordDelivery(
  { spec, ports }: Job,
  { generation, notAfter }: Pick<LeafFacts, "generation" | "notAfter">,
): Promise<void> {
  const at = ports.clock.now();
  await ports.store.recordDelivery(spec.output, { generation, reloadHash: reloadHash(spec.reload), at, notAfter });
}

/**
 * The reload; or the next step of `escalate`, once the proof has failed after a second reload. When the pair that
 * dependents were told about has ended, what was done about that is undone first.
 */
function stepsFor({ spec, state, ports }: Job) {
  const { servedUntil, proofFailures } = state;
  const number = proofFailures - BEFORE_ESCALATION;
  const step = spec.escalate[number];
  if (step !== undefined) {
    const target = ports.reloader.targetKey(step, spec.name);
    return { steps: [step], escalation: { method: step.kind, target, step: number + 1 } };
  }
  const { atExpiry } = spec.outage;
  const isOver = servedUntil !== undefined && servedUntil <= ports.clock.now();
  const undo: readonly ReloadStep[] = isOver && atExpiry.kind !== "keep" ? atExpiry.undo : [];
  return { steps: [...undo, ...spec.reload], escalation: undefined };
}

interface Limit {
  readonly clock: Clock;
  readonly duration: Millis;
}

async function within(limit: Limit, work: (either: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
  using over = follow(signal);
  using done = follow(signal);
  let isOver = false;
  limit.clock.sleep(limit.duration, done.signal).then(
    () => {
      isOver = true;
      over.abort();
    },
    () => undefined,
  );
  try {
    await work(over.signal);
  } catch (thrown) {
    if (!isOver || signal.aborted) throw thrown;
    throw new LeafdError("reload_timeout", "the reload had not ended when the renewal was due", {
      hint: "Find out why it hangs, or give it a shorter timeout.",
    });
  } finally {
    done.abort();
  }
}
