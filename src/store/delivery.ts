import type { Delivery } from "../domain/manifest.ts";
import type { HeldDirectory } from "./directory.ts";
import { generationTime } from "./names.ts";
import { fieldsOf, readRecord, writeRecord } from "./record.ts";

const DELIVERED = "..delivered";

/** The last delivery; undefined when there is none or the record cannot be read, which means that a reload is owed. */
export function readDelivery(directory: HeldDirectory): Delivery | undefined {
  const record = readRecord(directory, DELIVERED);
  return record.kind === "value" ? parseDelivery(record.value) : undefined;
}

/** Writes `..delivered` durably, in one step. LeafdError of "the disk". */
export function writeDelivery(directory: HeldDirectory, delivery: Omit<Delivery, "version">): void {
  const { generation, reloadHash, at, notAfter } = delivery;
  writeRecord(directory, DELIVERED, {
    version: 1,
    generation,
    reloadHash,
    at,
    ...(notAfter && { notAfter }),
  } satisfies Delivery);
}

function parseDelivery(value: unknown): Delivery | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { generation, reloadHash, at, notAfter } = fields;
  if (typeof generation !== "string" || generationTime(generation) === undefined) return undefined;
  if (typeof reloadHash !== "string" || typeof at !== "number") return undefined;
  return { version: 1, generation, reloadHash, at, ...(typeof notAfter === "number" && { notAfter }) };
}
