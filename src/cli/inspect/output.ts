import { realpathSync } from "node:fs";
import { type Finding, finding } from "../../domain/inspect/findings.ts";
import type { Delivery, Manifest } from "../../domain/manifest.ts";
import { formatTime } from "../../domain/units.ts";
import { type OutputFacts, outputFacts } from "../../store/output-facts.ts";
import type { Expectations } from "./judge.ts";
import type { InspectedOutput } from "./report.ts";

/** What leafd remembers of a directory; undefined when it is not leafd's, or may not be read whole. */
export function factsOf(path: string): OutputFacts | undefined {
  try {
    return outputFacts(realpathSync(path));
  } catch {
    return undefined; // each file says for itself why it cannot be read
  }
}

/** The manifest and the delivery record, for the report. */
export function outputOf(manifest: Manifest, delivery: Delivery | undefined, expected: Expectations): InspectedOutput {
  const { service, generation, issuer, rung, receivedAt, firstDue: renewalDue } = manifest;
  const told = deliveryOf(manifest, delivery, expected);
  const at = told === "done" && delivery ? { deliveredAt: delivery.at } : {};
  return { service, generation, issuer, rung, receivedAt, renewalDue, delivery: told, ...at };
}

/** Without a record, only the configuration knows whether anybody had to be told. */
function deliveryOf(
  { generation }: Manifest,
  delivery: Delivery | undefined,
  { reloads }: Expectations,
): InspectedOutput["delivery"] {
  if (delivery?.generation === generation) return "done";
  if (reloads === false) return "nobody";
  return delivery === undefined && reloads === undefined ? "unknown" : "owed";
}

/** What is wrong with an output directory besides its certificates. */
export function outputFindings(facts: OutputFacts, expected: Expectations): readonly Finding[] {
  const { now, byClock } = expected;
  const { inspection, delivery } = facts;
  if (inspection.kind === "damaged") return [finding("pair_damaged", inspection.message)];
  if (inspection.kind === "none") return [];
  const { receivedAt } = inspection.manifest;
  const found: Finding[] = [];
  if (deliveryOf(inspection.manifest, delivery, expected) === "owed")
    found.push(finding("reload_owed", "the dependents have not been told about this generation"));
  if (byClock && receivedAt > now) {
    const message = `the pair was received at ${formatTime(receivedAt)}, and it is ${formatTime(now)} here`;
    found.push(finding("clock_suspected", message));
  }
  return found;
}
