import type { LeafdError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/rotation/ports.ts";

/** The store, whose next commits fail with these errors, one by one. */
export function failingStore(store: Store, failures: LeafdError[]): Store {
  return {
    preflight: (output, service) => store.preflight(output, service),
    inspect: (output) => store.inspect(output),
    commit: (output, material, facts) => {
      const failure = failures.shift();
      return failure === undefined ? store.commit(output, material, facts) : Promise.reject(failure);
    },
    delivery: (output) => store.delivery(output),
    recordDelivery: (output, delivery) => store.recordDelivery(output, delivery),
    previous: (output) => store.previous(output),
    sweep: (output) => store.sweep(output),
    release: (output) => store.release(output),
  };
}
