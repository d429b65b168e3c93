import { follow } from "../domain/abort.ts";
import { reloadRetryDelay } from "../domain/backoff.ts";
import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { LeafFacts } from "../domain/leaf-facts.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { inUseUntil } from "../domain/state.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import { failureOf, rotationFailed } from "./attempt.ts";
import { recordDelivery } from "./delivery-record.ts";
import type { Work } from "./job.ts";
import type { Clock } from "./ports.ts";
import { type Checking, checkSwapped } from "./pre-reload.ts";
import { takeBack } from "./refused.ts";
import { type ReloadQueue, ReloadStepError } from "./reload-queue.ts";

/*
 * Pays a reload that is owed: tells the dependents, then writes down that they know. Owed from the commit on, so that a
 * crash anywhere in between repeats it and never loses it.
 */

/** When a renewal is due already, a reload that comes before it may take this long. */
const PATIENCE: Millis = 30 * SECOND;

/** Proofs that fail before the first step of `escalate`: the first is answered by another reload. */
const BEFORE_ESCALATION = 2;

/** Work that tells the dependents. */
export interface Telling extends Checking {
  readonly reloads: ReloadQueue;
}

/** Tells them of the published pair, or says when they are told again. One that they refuse is taken back. */
export async function deliver(work: Telling, signal: AbortSignal): Promise<void> {
  const { spec, state, say } = work;
  const { current } = state;
  if (current === undefined) return;
  sayThatWindowsYield(work);
  try {
    await tell(work, current, signal);
    const { generation, serial } = current;
    say({ kind: "delivered", generation, serial, ...(spec.probes.length > 0 && { proofOwed: true }) });
  } catch (thrown) {
    signal.throwIfAborted();
    await undelivered(work, thrown);
  }
}

/**
 * Has the dependent's own check judge the pair that was swapped in: a reload that is held back, or that nobody needs, is no
 * reason to learn only later that a pair is refused.
 */
export async function checkPublished(work: Checking, signal: AbortSignal): Promise<void> {
  const { current } = work.state;
  if (current === undefined) return;
  try {
    await checkSwapped(work, current.generation, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toLeafdError(thrown);
    if (!(await isTakenBack(work, error))) work.say({ kind: "pair_warning", message: error.message });
  }
}

function sayThatWindowsYield({ spec, state, ports, say }: Work): void {
  const now = ports.clock.now();
  const opensAt = state.force ? now : ports.windows.opensAt(spec.windows, now);
  const servedUntil = inUseUntil(state);
  if (opensAt > now) say({ kind: "window_yielded", opensAt, ...(servedUntil && { servedUntil }) });
}

/** Rejects with a ReloadStepError, a reason of `preReload`, or one of "the disk" when the record could not be written. */
async function tell(work: Telling, current: LeafFacts, signal: AbortSignal): Promise<void> {
  const { spec, state, ports, reloads, say } = work;
  const { clock } = ports;
  const { generation, due } = current;
  const { steps, escalation } = stepsFor(work);
  const about = { service: spec.name, directory: spec.output.directory, cause: state.published ?? "reload_owed" };
  // Other steps for the same generation are another order.
  const order = { ...about, steps, generation: `${generation} ${escalation?.step ?? 0}` };
  const left = due - clock.now();
  // A hook that hangs must not keep the service from its renewal.
  const limit = { clock, duration: left > 0 ? left : PATIENCE };
  const both = async (either: AbortSignal): Promise<void> => {
    await checkSwapped(work, generation, either);
    await reloads.deliver(order, either);
  };
  await within(limit, both, signal);
  if (escalation !== undefined) say({ kind: "escalated", ...escalation });
  await recordDelivery(work, current);
}

async function undelivered(work: Telling, thrown: unknown): Promise<void> {
  const { spec, ports, latest, chance, say } = work;
  const { error, fields } = failureOf(thrown);
  if (await isTakenBack(work, error)) return;
  const failures = (latest().reloadTrouble?.failures ?? 0) + 1;
  const retryAt = ports.clock.now() + reloadRetryDelay(failures, chance("reload", failures));
  // What is no step's fault is the hook's as a whole, or that of the record, which could not be written.
  const fallback = { method: spec.reload[0]?.kind ?? "touch", target: spec.output.directory };
  const { method, target } = thrown instanceof ReloadStepError ? thrown : fallback;
  say({ kind: "reload_failed", method, target, ...fields, failures, retryAt });
}

/** A pair that only this dependent refuses is taken back, where the one before is worth it: the rotation has failed. */
async function isTakenBack(work: Work, error: LeafdError): Promise<boolean> {
  if (error.reason !== "dependent_refused" || !(await takeBack(work, error))) return false;
  rotationFailed(work, { cause: "reload_owed", stage: "reload", issuer: work.spec.issuers[0].name }, error);
  return true;
}

/**
 * The reload; or the next step of `escalate`, once the proof has failed after a second reload. When the pair that
 * dependents were told about has ended, what was done about that is undone first.
 */
function stepsFor({ spec, state, ports }: Work) {
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
