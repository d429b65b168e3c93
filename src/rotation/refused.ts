import type { Certificate } from "../domain/certificate.ts";
import { toLeafdError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import { wasToldOf } from "../domain/request.ts";
import { formatDuration, MINUTE } from "../domain/units.ts";
import { verifyStored } from "../domain/verify.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import type { Job, Signed } from "./job.ts";
import { factsOf, publishAgain } from "./publish.ts";

/*
 * A pair that the dependent refuses (its own check fails with it, and does not fail with the one before) is taken back:
 * the one before is published again, and the refused one is kept to be offered again, so that this costs no certificate.
 */

/** Less than this left, or less than that part of its life, and a pair is neither a way back nor worth another try. */
const LEAST_LEFT = 5 * MINUTE;
const LEAST_PART = 0.1;

interface Wanted {
  /** The hash of the request. */
  readonly request: string;
  readonly roots: readonly Certificate[];
}

/** The pair that was refused, when it still is an answer to what is asked for. */
export async function refusedPair(job: Job, wanted: Wanted): Promise<Signed | undefined> {
  const { spec, ports, state, cause } = job;
  if (spec.preReload.length === 0) return undefined;
  const found = await readHeld(job, "refused").catch(() => undefined);
  const signed = found && asSigned(found);
  if (signed === undefined || signed.requestHash !== wanted.request) return undefined;
  const { leaf, chain, privateKey } = signed;
  if (leaf.serial === state.current?.serial) return undefined;
  if (cause === "renewal_due" && leaf.notAfter <= (state.current?.notAfter ?? 0)) return undefined;
  try {
    const privateKeyHash = ports.keys.publicKeyHash(privateKey);
    const judged = { leaf, chain, privateKeyHash, request: spec.request, roots: wanted.roots, now: ports.clock.now() };
    verifyStored({ ...judged, minimumLifetime: LEAST_LEFT });
    return signed;
  } catch {
    // It has ended meanwhile, or nobody trusts its root any more: another one is asked for.
    return undefined;
  }
}

/**
 * Publishes the generation before again and keeps the current one. Answers whether it did: not when the pair before is
 * gone or nearly over, because then a refused pair is the better one. When the dependents have never been told of the
 * pair before, that is owed.
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
  const inUse = wasToldOf(before.manifest, spec.reload, await ports.store.delivery(spec.output));
  await publishAgain(job, "rolled_back", { ...before, inUse });
  return true;
}

function isWorthIt({ leaf, receivedAt }: Signed, now: number): boolean {
  const left = leaf.notAfter - now;
  return left > LEAST_LEFT && left > LEAST_PART * (leaf.notAfter - receivedAt);
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
