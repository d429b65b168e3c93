import { type LeafdError, toLeafdError } from "../domain/errors.ts";
import type { Inspection } from "../domain/inspection.ts";
import type { Delivery } from "../domain/manifest.ts";
import type { OutputSpec } from "../domain/spec.ts";
import { refuseClaimed } from "./claim.ts";
import { readDelivery } from "./delivery.ts";
import { openOutput } from "./directory.ts";
import { unless } from "./disk-error.ts";
import { inspectOutput } from "./inspect.ts";
import { keptInstance } from "./instance.ts";
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
 * Why leafd with this state directory would refuse to write to an output, whoever runs it: it is a link, another leafd's,
 * or holds under its names what is not to be replaced. Undefined when nothing is in the way. Claims and changes nothing.
 */
export function refusalOf(output: OutputSpec, stateDir: string): LeafdError | undefined {
  try {
    using directory = openOutput(output.directory);
    if (directory === undefined) return undefined;
    if (readOwner(directory) === "none") refuseForeign(directory, output);
    refuseImmovable(directory, output);
    // Whoever may not read the id cannot tell its own directories from those of others.
    const instance = unless(["EACCES"], () => keptInstance(stateDir) ?? "");
    if (instance !== undefined) refuseClaimed(directory, instance);
    return undefined;
  } catch (thrown) {
    return toLeafdError(thrown);
  }
}
