import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { Delivery } from "../domain/manifest.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { readDelivery } from "./delivery.ts";
import { openOutput } from "./directory.ts";
import { inspectOutput } from "./inspect.ts";
import { refuseForeign, refuseImmovable, visibleGeneration } from "./links.ts";
import { readOwner } from "./owner.ts";

/** An output directory of leafd, as it lies there. */
export interface OutputFacts {
  readonly inspection: Inspection;
  /** What the dependents were told last; undefined when nothing is known of it. */
  readonly delivery: Delivery | undefined;
}

/** Reads a directory that some leafd writes to; undefined when none does. Claims and changes nothing. */
export function outputFacts(path: string): OutputFacts | undefined {
  using directory = openOutput(path);
  if (directory === undefined) return undefined;
  if (visibleGeneration(directory) === undefined && readOwner(directory) === "none") return undefined;
  return { inspection: inspectOutput(path), delivery: readDelivery(directory) };
}

/**
 * Why leafd would refuse to write to this directory, whoever runs it: it is a link, other programs' files are under its
 * names, or something that cannot be replaced is. Undefined when nothing is in the way. Claims and changes nothing.
 */
export function refusalOf(output: OutputSpec): LeafdError | undefined {
  try {
    using directory = openOutput(output.directory);
    if (directory === undefined) return undefined;
    if (readOwner(directory) === "none") refuseForeign(directory, output);
    refuseImmovable(directory, output);
    return undefined;
  } catch (thrown) {
    return toLeafdError(thrown);
  }
}
