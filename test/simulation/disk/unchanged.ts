import type { Inspection } from "../../../src/domain/inspection.ts";
import type { Store } from "../../../src/rotation/ports.ts";
import type { MemoryDisk } from "./memory-disk.ts";

/**
 * The store, which answers an inspection from memory while nothing has changed below the output and no disk is in
 * trouble: it would find the same again, and most of the simulation's time would go there.
 */
export function rememberingInspections(store: Store, disk: MemoryDisk): Store {
  const known = new Map<string, { readonly changes: number; readonly found: Inspection }>();
  return {
    inspect: async (output) => {
      const { directory } = output;
      const changes = disk.changesBelow(directory);
      const before = known.get(directory);
      if (changes !== undefined && before?.changes === changes && disk.faults.current.size === 0 && !disk.faults.dead)
        return before.found;
      const found = await store.inspect(output);
      if (changes !== undefined) known.set(directory, { changes, found });
      return found;
    },
    preflight: (output, service) => store.preflight(output, service),
    commit: (output, material, facts) => store.commit(output, material, facts),
    delivery: (output) => store.delivery(output),
    recordDelivery: (output, delivery) => store.recordDelivery(output, delivery),
    previous: (output) => store.previous(output),
    sweep: (output) => store.sweep(output),
    release: (output) => store.release(output),
  };
}
