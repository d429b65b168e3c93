import { LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Work } from "./job.ts";

/** What the check of the dependents has said; outlives one piece of work, and not the process. */
export interface Verdict {
  /** The generation that it has accepted. */
  accepted: string | undefined;
}

/** Work that asks the dependents whether they would take a pair. */
export interface Checking extends Work {
  readonly verdict: Verdict;
}

/** Runs the checks that the operator gave for the dependents; rejects as the first one that fails does. */
async function runChecks({ spec, ports }: Pick<Work, "spec" | "ports">, signal: AbortSignal): Promise<void> {
  const context = { services: [spec.name], directories: [spec.output.directory], cause: "check" };
  for (const step of spec.preReload) await ports.reloader.run(step, context, signal);
}

/**
 * Before the swap: whether the dependent is broken already, with the pair that it has. Then the new pair is not to blame
 * when its check fails afterwards. Without a pair there is nothing to be right with.
 */
export async function checkDependent(work: Work, signal: AbortSignal): Promise<boolean | undefined> {
  if (work.spec.preReload.length === 0 || work.state.current === undefined) return undefined;
  try {
    await runChecks(work, signal);
    return false;
  } catch {
    signal.throwIfAborted();
    return true;
  }
}

/**
 * After the swap and before the reload. Rejects with `dependent_refused` when its check succeeded with the pair before,
 * and with `dependent_broken` when it did not, or when nobody knows.
 */
export async function checkSwapped(work: Checking, generation: string, signal: AbortSignal): Promise<void> {
  if (work.spec.preReload.length === 0) return;
  try {
    await runChecks(work, signal);
    work.verdict.accepted = generation;
  } catch (thrown) {
    signal.throwIfAborted();
    const { message } = toLeafdError(thrown);
    if (await isToBlame(work, generation))
      throw new LeafdError("dependent_refused", `its check fails with the new pair, and did not before: ${message}`, {
        hint: "Run the command of preReload by hand; compare what the dependent demands with the new certificate.",
      });
    throw new LeafdError("dependent_broken", `its check fails, whatever the pair: ${message}`, {
      hint: "Mend the dependent's own configuration; the reload is tried again.",
    });
  }
}

/** The pair is, when the check succeeded just before it was swapped in and has never succeeded with it. */
async function isToBlame({ verdict, ports, spec }: Checking, generation: string): Promise<boolean> {
  if (verdict.accepted === generation) return false;
  const found = await ports.store.inspect(spec.output);
  if (found.kind !== "pair" || found.manifest.generation !== generation) return false;
  if (found.manifest.dependentWasBroken !== false) return false;
  // A reload comes after a check that succeeded.
  const delivery = await ports.store.delivery(spec.output);
  return delivery?.generation !== generation;
}
