import type { Certificate } from "../domain/certificate.ts";
import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Inspection, PairMaterial } from "../domain/inspection.ts";
import type { Manifest } from "../domain/manifest.ts";
import { isSame, wasToldOf } from "../domain/request.ts";
import { type EpochMillis, formatDuration, MINUTE } from "../domain/units.ts";
import { verifyStored } from "../domain/verify.ts";
import { recordDelivery } from "./delivery-record.ts";
import { asSigned, heldOutput, readHeld } from "./held.ts";
import type { Job, Signed, Work } from "./job.ts";
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
  if (signed === undefined || !isSame(signed.requestHash, wanted.request)) return undefined;
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
 * Takes a refused pair back: publishes the generation before again and keeps the refused one. Answers whether it did: not
 * when the pair before is gone or nearly over, because then a refused pair is the better one.
 */
export async function takeBack(work: Work, { message }: LeafdError): Promise<boolean> {
  const { ports, spec, say } = work;
  try {
    const refused = await ports.store.inspect(spec.output);
    const before = await ports.store.previous(spec.output);
    if (refused.kind !== "pair" || before?.manifest.serial === refused.manifest.serial) return false;
    const old = before && asSigned({ kind: "pair", ...before });
    if (before === undefined || old === undefined || !isWorthIt(old, ports.clock.now())) return false;
    await keep(work, refused);
    const way = { from: refused.manifest.generation, to: before.manifest.generation };
    say({ kind: "rolled_back", ...way, reason: "dependent_refused", message });
    await putBack(work, { ...before, notAfter: old.leaf.notAfter });
    return true;
  } catch (thrown) {
    say({ kind: "pair_warning", message: `the pair before cannot be put back: ${toLeafdError(thrown).message}` });
    return false;
  }
}

interface Before {
  readonly manifest: Manifest;
  readonly material: PairMaterial;
  readonly notAfter: EpochMillis;
}

/** Dependents that have been told of it serve it still; those that never were are told. */
async function putBack(work: Work, { notAfter, ...before }: Before): Promise<void> {
  const { ports, spec, say } = work;
  const inUse = wasToldOf(before.manifest, spec.reload, await ports.store.delivery(spec.output));
  const { generation } = await publishAgain(work, "rolled_back", { ...before, inUse });
  if (!inUse) return;
  await recordDelivery(work, { generation, notAfter }).catch((thrown) =>
    say({ kind: "pair_warning", message: `who knows the pair is not written down: ${toLeafdError(thrown).message}` }),
  );
}

function isWorthIt({ leaf, receivedAt }: Signed, now: number): boolean {
  const left = leaf.notAfter - now;
  return left > LEAST_LEFT && left > LEAST_PART * (leaf.notAfter - receivedAt);
}

/** A refused pair that cannot be kept is lost, which costs a certificate later and nothing now. */
async function keep({ ports, spec, say }: Work, { manifest, material }: Inspection & { kind: "pair" }): Promise<void> {
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
