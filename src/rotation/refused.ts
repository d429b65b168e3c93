import { toLeafdError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import { formatDuration, MINUTE } from "../domain/units.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import type { Job, Signed } from "./job.ts";
import { factsOf, publishAgain } from "./publish.ts";

/*
 * A pair that the dependent refuses (its own check fails with it, and does not fail with the one before) is taken back:
 * the one before is published again, and the refused one is kept to be offered again, so that this costs no certificate.
 */

/** Less than this left, in time or of its life, and the pair before is no way back. */
const WORTH_RETURNING = { left: 5 * MINUTE, part: 0.1 };

/** The pair that was refused, when it still answers what is asked for. */
export async function refusedPair(job: Job, wanted: string): Promise<Signed | undefined> {
  if (job.spec.preReload.length === 0) return undefined;
  const found = await readHeld(job, "refused").catch(() => undefined);
  if (found === undefined || found.manifest.requestHash !== wanted) return undefined;
  const signed = asSigned(found);
  const { current } = job.state;
  const isNews = signed !== undefined && signed.leaf.serial !== current?.serial;
  return isNews && signed.leaf.notAfter > (current?.notAfter ?? job.ports.clock.now()) ? signed : undefined;
}

/**
 * Publishes the generation before again and keeps the current one. Answers whether it did: not when the pair before is
 * gone or nearly over, because then a refused pair is the better one.
 */
export async function rollBack(job: Job, why: { readonly reason: "dependent_refused"; readonly message: string }) {
  const { ports, spec, say } = job;
  const refused = await ports.store.inspect(spec.output);
  const before = await ports.store.previous(spec.output);
  if (refused.kind !== "pair" || before === undefined || before.manifest.serial === refused.manifest.serial)
    return false;
  const old = asSigned({ kind: "pair", ...before });
  if (old === undefined || !isWorthIt(old, ports.clock.now())) return false;
  await keep(job, refused);
  say({ kind: "rolled_back", from: refused.manifest.generation, to: before.manifest.generation, ...why });
  await publishAgain(job, "rolled_back", before);
  return true;
}

function isWorthIt({ leaf, receivedAt }: Signed, now: number): boolean {
  const left = leaf.notAfter - now;
  return left > WORTH_RETURNING.left && left > WORTH_RETURNING.part * (leaf.notAfter - receivedAt);
}

/** A refused pair that cannot be kept is lost, which costs a certificate later and nothing now. */
async function keep({ ports, spec, say }: Job, { manifest, material }: Inspection & { kind: "pair" }): Promise<void> {
  const output = heldOutput(ports.heldDirectory, spec.name, "refused");
  try {
    await ports.store.preflight(output, spec.name);
    await ports.store.commit(output, material, factsOf(manifest));
    await ports.store.sweep(output);
  } catch (thrown) {
    const left = formatDuration(manifest.firstDue - ports.clock.now());
    say({
      kind: "pair_warning",
      message: `the refused pair (due in ${left}) is not kept: ${toLeafdError(thrown).message}`,
    });
  }
}
