import { setImmediate as turn } from "node:timers/promises";
import { orAborted } from "../domain/abort.ts";
import { fraction } from "../domain/schedule.ts";
import { type Millis, SECOND } from "../domain/units.ts";
import type { Agenda } from "./agenda.ts";
import type { FirstLook } from "./first-look.ts";
import type { Gate } from "./gate.ts";
import type { Interruption } from "./interruption.ts";
import type { Clock, Pauses } from "./ports.ts";
import type { ServiceRunner } from "./runner.ts";

/** How often the disk is looked at while there is nothing to do. */
const AUDIT_EVERY: Millis = 30 * SECOND;

interface Surroundings {
  readonly agenda: Agenda;
  readonly clock: Clock;
  readonly pauses: Pauses;
  /** How many services may read their disk in the same turn of the event loop. */
  readonly recoveries: Gate;
  readonly firstLook: FirstLook;
  /** Ends what is being done, and for good when the loop's signal aborts; until then the loop decides anew. */
  readonly interruption: Interruption;
}

/** Decides and carries out, for ever; resolves when the signal aborts, at a point where the disk is whole. */
export async function serviceLoop(runner: ServiceRunner, around: Surroundings, signal: AbortSignal): Promise<void> {
  const { agenda, clock, recoveries, interruption, firstLook } = around;
  const { name } = runner.spec;
  keepPause(runner, around);
  // Not all at the same moment.
  let audited = clock.monotonic() - AUDIT_EVERY * fraction(name);
  while (!signal.aborted) {
    endPause(runner, around);
    const decision = runner.decide();
    const either = interruption.signal;
    // Whole milliseconds: a wall clock has no finer ones, and would see less than one as no time at all.
    const untilAudit = Math.ceil(audited + AUDIT_EVERY - clock.monotonic());
    if (decision.kind === "recover") {
      await unlessAborted(recoverInTurn(runner, recoveries, either), either);
      await unlessAborted(orAborted(firstLook.looked(runner), either), either);
    } else if (decision.kind !== "wait") {
      await unlessAborted(runner.carryOut(decision, either), either);
    } else if (untilAudit > 0) {
      await agenda.wait(name, Math.min(decision.until, clock.now() + untilAudit), signal);
    } else {
      audited = clock.monotonic();
      await unlessAborted(runner.audit(either), either);
    }
  }
}

/** A pause outlives the process and a change of configuration. */
function keepPause(runner: ServiceRunner, { pauses, clock }: Surroundings): void {
  const until = pauses.until(runner.spec.name);
  if (until !== undefined && until > clock.now()) runner.say({ kind: "paused", until });
}

function endPause(runner: ServiceRunner, { pauses, clock }: Surroundings): void {
  const { pausedUntil } = runner.state;
  if (pausedUntil === undefined || pausedUntil > clock.now()) return;
  pauses.resume(runner.spec.name);
  runner.say({ kind: "resumed", by: "time" });
}

/** Reading the disk is synchronous work: thousands of services at once would leave no turn to answer a probe or a signal. */
function recoverInTurn(runner: ServiceRunner, recoveries: Gate, signal: AbortSignal): Promise<void> {
  const recover = async (): Promise<void> => {
    await turn();
    await runner.carryOut({ kind: "recover" }, signal);
  };
  return recoveries.pass(0, recover, signal);
}

/** All that a runner rejects with is the abort of its signal; anything else is a defect and may end the program. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
