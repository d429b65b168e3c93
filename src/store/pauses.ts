import { join } from "node:path";
import type { EpochMillis } from "../domain/units.ts";
import type { Clock, Pauses } from "../rotation/ports.ts";
import type { Warn } from "./claim.ts";
import { diskError } from "./disk-error.ts";
import { fieldsOf, isObject } from "./record.ts";
import { loadState, saveState } from "./state-file.ts";

/*
 * `pauses.json` in the state directory: which services are paused, until when. A file that is damaged counts as no
 * pauses: a certificate that is renewed in spite of an operator is the lesser evil than one that is not renewed at all.
 */

interface PausesOptions {
  readonly clock: Clock;
  /** Told when the file cannot be read or written. */
  readonly warn: Warn;
}

/** Opens the pauses of a state directory whose lock is held. */
export function openPauses(stateDir: string, { clock, warn }: PausesOptions): Pauses {
  const path = join(stateDir, "pauses.json");
  const paused = new Map(loadState({ path, parse, lost: "no service is paused any more" }, warn));

  const until = (service: string): EpochMillis | undefined => {
    const end = paused.get(service);
    return end !== undefined && end > clock.now() ? end : undefined;
  };

  const save = (service: string, lost: string): void => {
    const running = [...paused.keys()].filter((name) => until(name) !== undefined);
    try {
      saveState(path, { version: 1, paused: Object.fromEntries(running.map((name) => [name, paused.get(name)])) });
    } catch (thrown) {
      warn(service, diskError(thrown, `write ${path}, so a restart ${lost}`));
    }
  };

  return {
    until,
    pause(service, end) {
      paused.set(service, end);
      save(service, "ends this pause");
    },
    resume(service) {
      if (paused.delete(service)) save(service, "brings this pause back");
    },
  };
}

function parse(value: unknown): readonly (readonly [string, EpochMillis])[] | undefined {
  const fields = fieldsOf(value);
  if (!isObject(fields?.paused)) return undefined;
  const all = Object.entries(fields.paused);
  const pauses = all.flatMap(([service, end]) => (typeof end === "number" ? [[service, end] as const] : []));
  return pauses.length === all.length ? pauses : undefined;
}
