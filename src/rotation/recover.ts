import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import { rotationFailed, sweep } from "./attempt.ts";
import type { Work } from "./job.ts";
import { publishAgain } from "./publish.ts";
import { type Reading, readDisk } from "./read-disk.ts";
import { readReserve } from "./reserve.ts";

/** Work that begins from the disk. */
type Recovery = Work & Pick<Reading, "pace" | "movedFrom">;

/**
 * Reads the disk into the state. A damaged directory that still holds a good generation is repaired from it, as a new
 * generation. The directory is claimed first, so that a second daemon is told now and not at its first renewal: what
 * belongs to another is not touched, not even to pay its reload. Any other trouble with the disk leaves the pair readable;
 * what fails after it is its consequence, and is not told as a failure of its own.
 */
export async function recover(work: Recovery, signal: AbortSignal): Promise<void> {
  const { spec, ports } = work;
  const failures: LeafdError[] = [];
  const failed = (thrown: unknown) => failures.push(toLeafdError(thrown));
  await ports.store.preflight(spec.output, spec.name).catch(failed);
  if (failures[0]?.reason !== "target_foreign") await readAndRepair(work).catch(failed);
  if (failures[0] === undefined) return;
  signal.throwIfAborted();
  rotationFailed(work, { cause: "missing", stage: "preflight", issuer: spec.issuers[0].name }, failures[0]);
}

async function readAndRepair(work: Recovery): Promise<void> {
  const rescue = await readDisk(work);
  if (rescue !== undefined) await publishAgain(work, rescue.cause, rescue.pair);
  await readReserve(work);
  await sweep(work);
}
