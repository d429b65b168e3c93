import { EventEmitter, once } from "node:events";

/** Collects what is pushed, for a test to take in order: `next` waits for what has not come yet. */
export function eventQueue<T>(): { push: (event: T) => void; next: () => Promise<T> } {
  const emitter = new EventEmitter();
  const waiting: T[] = [];
  return {
    push(event) {
      waiting.push(event);
      emitter.emit("pushed");
    },
    async next() {
      for (;;) {
        for (const event of waiting.splice(0, 1)) return event;
        await once(emitter, "pushed");
      }
    },
  };
}
