import type { LeafFacts } from "../domain/leaf-facts.ts";
import { reloadHash } from "../domain/request.ts";
import type { Work } from "./job.ts";

/** Writes down that the dependents have been told of this generation: from then on no reload is owed for it. */
export async function recordDelivery(
  { spec, ports }: Work,
  { generation, notAfter }: Pick<LeafFacts, "generation" | "notAfter">,
): Promise<void> {
  const at = ports.clock.now();
  await ports.store.recordDelivery(spec.output, { generation, reloadHash: reloadHash(spec.reload), at, notAfter });
}
