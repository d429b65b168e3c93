import { uptime } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { SECOND } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";

/** The longest delay a Node timer holds; above it `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The machine's clock. The only file that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  boottime: () => uptime() * SECOND,
  async sleep(duration, signal) {
    const options = signal === undefined ? {} : { signal };
    for (let left = duration; left > 0; left -= LONGEST_TIMER)
      await delay(Math.min(left, LONGEST_TIMER), undefined, options);
    signal?.throwIfAborted();
  },
};
