import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type EpochMillis, HOUR } from "../domain/units.ts";
import type { Clock, Ledger } from "../rotation/ports.ts";
import type { Warn } from "./claim.ts";
import { diskError } from "./disk-error.ts";
import { fieldsOf } from "./record.ts";
import { loadState, saveState } from "./state-file.ts";

/*
 * `ledger/<service>.json` in the state directory: when certificates of a service were asked for. Replaced in one step
 * and not synced: what must not reset the budget is a crash loop of this process, and the page cache survives that. A
 * power cut may cost the last entries or the file, that is, some of one hour's budget; a sync before each issuance
 * would cost every issuance.
 */

export interface LedgerOptions {
  readonly clock: Clock;
  /** Told when a ledger cannot be read or written; the rotation goes on. */
  readonly warn: Warn;
}

/** Opens the ledger of a state directory whose lock is held. */
export function openLedger(stateDir: string, options: LedgerOptions): Ledger {
  const { clock, warn } = options;
  const directory = join(stateDir, "ledger");
  const known = new Map<string, readonly EpochMillis[]>();
  const fileOf = (service: string): string => join(directory, `${service}.json`);

  const recent = (service: string): readonly EpochMillis[] => {
    const all = known.get(service) ?? load(fileOf(service), warn);
    const now = clock.now();
    // Either way: after a clock that was ahead, entries of the future must not block a service until then.
    const kept = all.filter((at) => Math.abs(now - at) < HOUR);
    known.set(service, kept);
    return kept;
  };

  const keep = (service: string, issued: readonly EpochMillis[]): void => {
    known.set(service, issued);
    try {
      save(directory, fileOf(service), issued);
    } catch (thrown) {
      warn(service, diskError(thrown, `write ${fileOf(service)}, so a restart forgets this issuance`));
    }
  };

  return {
    recent,
    record: (service, at) =>
      keep(
        service,
        [...recent(service), at].toSorted((a, b) => a - b),
      ),
    forget(service, at) {
      const issued = recent(service);
      keep(service, issued.toSpliced(issued.lastIndexOf(at), issued.includes(at) ? 1 : 0));
    },
  };
}

function save(directory: string, path: string, issued: readonly EpochMillis[]): void {
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
  saveState(path, { version: 1, issued });
}

/** An unreadable ledger counts as empty: blocking a service by a damaged file would be an outage of our own making. */
function load(path: string, warn: Warn): readonly EpochMillis[] {
  return loadState({ path, parse, lost: "its issuances are forgotten" }, warn) ?? [];
}

function parse(value: unknown): readonly EpochMillis[] | undefined {
  const fields = fieldsOf(value);
  if (!Array.isArray(fields?.issued)) return undefined;
  const issued: readonly unknown[] = fields.issued;
  const times = issued.filter((at) => typeof at === "number");
  return times.length === issued.length ? times : undefined;
}
