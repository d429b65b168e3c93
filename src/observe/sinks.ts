import type { Emit } from "../rotation/ports.ts";

/**
 * One sink out of several. Each gets every event, in order, whatever the others do: one that throws is reported once as
 * a process warning, since the log may be the one that is broken, and never stops the rotation.
 */
export function fanOut(...sinks: readonly Emit[]): Emit {
  const broken = new Set<Emit>();
  return (event) => {
    for (const sink of sinks) {
      try {
        sink(event);
      } catch (thrown) {
        if (broken.has(sink)) continue;
        broken.add(sink);
        process.emitWarning(`a sink of events failed on ${event.kind}: ${String(thrown)}`, "LeafdWarning");
      }
    }
  };
}
