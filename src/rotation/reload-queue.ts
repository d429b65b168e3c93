import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { ReloadMethod } from "../domain/events/delivery.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { SECOND } from "../domain/units.ts";
import { type BatchOptions, ReloadBatch, type ReloadRequest } from "./reload-batch.ts";

/*
 * One queue for all services, so that 200 leaves behind one nginx are one HUP. What is always true:
 *  - a target has at most one run under way and one batch that gathers for the next;
 *  - a request joins a batch that has not begun, never one that has: its files may be newer than that run;
 *  - a target without requests leaves nothing behind.
 */

const GATHER = { quiet: 0.3 * SECOND, most: 2 * SECOND };

/** All that one service wants to be reloaded. */
export interface ReloadOrder extends ReloadRequest {
  readonly steps: readonly ReloadStep[];
  /** Given: when an order for it has failed, the next one does not repeat the steps that succeeded. */
  readonly generation?: string;
}

/** Which step of an order failed, besides why. */
export class ReloadStepError extends LeafdError {
  readonly method: ReloadMethod;
  readonly target: string;

  constructor({ reason, message, hint }: LeafdError, method: ReloadMethod, target: string) {
    super(reason, message, hint === undefined ? {} : { hint });
    this.method = method;
    this.target = target;
  }
}

export interface ReloadQueue {
  /**
   * Carries out all steps in their order, each together with other services that want the same. A step that fails
   * does not keep the later ones from their dependents; the first failure rejects at the end, as a ReloadStepError.
   * Retrying is the caller's. An abort rejects with `cancelled`, and stops a run that nobody else waits for.
   */
  deliver(order: ReloadOrder, signal: AbortSignal): Promise<void>;
}

type ReloadQueueOptions = Omit<BatchOptions, "gather"> & Partial<Pick<BatchOptions, "gather">>;

/** Makes the queue that the loops of all services share. Batches wait 0.3 s for company, 2 s at most. */
export function createReloadQueue(options: ReloadQueueOptions): ReloadQueue {
  const { reloader } = options;
  const runOnTarget = createTargets({ gather: GATHER, ...options });
  /** Service → the generation whose order has failed, and the steps of it that succeeded. */
  const paid = new Map<string, { readonly generation: string | undefined; readonly steps: Set<string> }>();

  return {
    async deliver(order, signal) {
      const before = paid.get(order.service);
      const keep = order.generation !== undefined && before?.generation === order.generation;
      const steps = keep ? before.steps : new Set<string>();
      const failures: LeafdError[] = [];
      for (const [index, step] of order.steps.entries()) {
        if (signal.aborted) throw new LeafdError("cancelled", "stopped before all reloads were done");
        const target = reloader.targetKey(step, order.service);
        if (steps.has(`${index} ${target}`)) continue;
        try {
          await runOnTarget(target, { step, request: order }, signal);
          steps.add(`${index} ${target}`);
        } catch (thrown) {
          failures.push(new ReloadStepError(toLeafdError(thrown), step.kind, target));
        }
      }
      if (failures[0] === undefined) {
        paid.delete(order.service);
        return;
      }
      paid.set(order.service, { generation: order.generation, steps });
      throw failures[0];
    },
  };
}

type RunOnTarget = (
  key: string,
  wanted: { readonly step: ReloadStep; readonly request: ReloadRequest },
  signal: AbortSignal,
) => Promise<void>;

/** One line of batches a target: while one runs, the next one gathers. */
function createTargets(options: BatchOptions): RunOnTarget {
  const gathering = new Map<string, ReloadBatch>();
  const busy = new Set<string>();

  const drive = async (key: string): Promise<void> => {
    busy.add(key);
    for (let batch = gathering.get(key); batch !== undefined; batch = gathering.get(key)) {
      await batch.gather();
      if (gathering.get(key) === batch) gathering.delete(key);
      await batch.run();
    }
    busy.delete(key);
  };

  return async (key, { step, request }, signal) => {
    let batch = gathering.get(key);
    if (batch === undefined || batch.abandoned) {
      batch = new ReloadBatch(key, step, options);
      gathering.set(key, batch);
    }
    const done = batch.join(step, request, signal);
    if (!busy.has(key)) void drive(key);
    await done;
  };
}
