import type { HeldDirectory } from "./directory.ts";
import { OWNER } from "./names.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { fieldsOf, readRecord, writeRecord } from "./record.ts";

/*
 * Who writes to an output directory. The lock on the state directory keeps two daemons of one installation apart; this
 * record keeps two installations apart that were pointed at one output (an init container and its sidecar share the
 * output only). It is advice between leafds, read before each write. Two that claim a free directory in the same
 * instant both believe it until their next write, when one finds the other's name.
 */

/** `..owner`, as JSON. */
export interface OwnerRecord extends ProcessIdentity {
  readonly version: 1;
  readonly service: string;
  /** Given back by its holder: anybody may take it. */
  readonly released: boolean;
}

export type OwnerState = OwnerRecord | "none" | "unreadable";

/** Who claims the directory. A record that does not parse is `unreadable`, and nobody's. */
export function readOwner(directory: HeldDirectory): OwnerState {
  const record = readRecord(directory, OWNER);
  if (record.kind !== "value") return record.kind;
  return parseOwner(record.value) ?? "unreadable";
}

/** Writes `..owner` durably, in one step. LeafdError of "the disk". */
export function writeOwner(directory: HeldDirectory, record: OwnerRecord): void {
  writeRecord(directory, OWNER, record);
}

export interface ClaimQuestion {
  readonly record: OwnerState;
  readonly self: ProcessIdentity;
  /** Asked only for a process of our own host and PID namespace. */
  readonly isRunning: (pid: number, start: string) => boolean;
  /** This process has held the directory before, so another name on the record is that of a living rival. */
  readonly held: boolean;
  /** The operator said `--takeover`. */
  readonly takeover: boolean;
}

export type ClaimVerdict =
  /** The record is ours already. */
  | { readonly kind: "ours" }
  | { readonly kind: "take"; readonly because: "free" | "unreadable" | "own" | "released" | "gone" | "pod" | "told" }
  | { readonly kind: "foreign"; readonly holder: OwnerRecord };

/** May this process write here? Pure. */
export function judgeClaim(question: ClaimQuestion): ClaimVerdict {
  const { record, self, held } = question;
  if (record === "none") return { kind: "take", because: "free" };
  if (record === "unreadable") return { kind: "take", because: "unreadable" };
  if (record.released) return { kind: "take", because: "released" };
  if (record.instance === self.instance)
    return isSame(record, self) ? { kind: "ours" } : { kind: "take", because: "own" };
  const here = record.host === self.host;
  if (here && record.pidNamespace === self.pidNamespace && !question.isRunning(record.pid, record.pidStart))
    return { kind: "take", because: "gone" };
  // Containers of one pod share the host name and see no processes of each other: this is the init container's record
  // after it crashed. Once held, it can only be a rival.
  if (here && record.pidNamespace !== self.pidNamespace && !held) return { kind: "take", because: "pod" };
  if (question.takeover && !held) return { kind: "take", because: "told" };
  return { kind: "foreign", holder: record };
}

function isSame(record: OwnerRecord, self: ProcessIdentity): boolean {
  return (
    record.host === self.host &&
    record.pidNamespace === self.pidNamespace &&
    record.pid === self.pid &&
    record.pidStart === self.pidStart
  );
}

function parseOwner(value: unknown): OwnerRecord | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { instance, service, host, pid, pidStart, pidNamespace, released } = fields;
  if (typeof instance !== "string" || typeof service !== "string" || typeof host !== "string") return undefined;
  if (typeof pidStart !== "string" || typeof pidNamespace !== "string") return undefined;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof released !== "boolean") return undefined;
  return { version: 1, instance, service, host, pid, pidStart, pidNamespace, released };
}
