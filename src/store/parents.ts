import { mkdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { OutputSpec } from "../domain/spec.ts";
import { diskError } from "./disk-error.ts";

/**
 * Makes the missing parents (0755) of output directories that lie below the state directory: what is in there is
 * leafd's to lay out. Elsewhere a missing parent is the operator's mistake, and said at the preflight.
 */
export function makeParentsBelow(stateDir: string, outputs: readonly OutputSpec[]): void {
  for (const { directory } of outputs) {
    const parent = dirname(directory);
    const inside = relative(stateDir, parent);
    if (inside === "" || inside.startsWith("..")) continue;
    try {
      mkdirSync(parent, { recursive: true, mode: 0o755 });
    } catch (thrown) {
      throw diskError(thrown, `create ${parent}`);
    }
  }
}
