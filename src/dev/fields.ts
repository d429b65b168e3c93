import { parseGoDuration } from "./durations.ts";
import { type Fields, VaultError } from "./protocol.ts";

/*
 * Reading a request's fields as Vault does: numbers or text for durations, lists or comma-separated text for lists,
 * and what has another type answers 400.
 */

/** Text, or "" when the field is absent. */
export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw invalid(name, `expected type 'string', got ${typeof value}`);
}

/** A field that is true or false, also as text, as Vault's own parser takes it; a 400 for anything else. */
export function flag(fields: Fields, name: string, absent = false): boolean {
  const value = fields[name];
  if (value === undefined || value === null) return absent;
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw invalid(name, `cannot parse '${JSON.stringify(value)}' as bool`);
}

/** A whole number, also as text; a 400 for anything else. */
export function count(fields: Fields, name: string, absent = 0): number {
  const value = Number(fields[name] ?? absent);
  if (!Number.isInteger(value)) throw invalid(name, `cannot parse '${JSON.stringify(fields[name])}' as int`);
  return value;
}

/** A list, or the parts of comma-separated text. */
export function list(fields: Fields, name: string): string[] {
  const value = fields[name];
  const parts = Array.isArray(value) ? value.map(String) : text(fields, name).split(",");
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Seconds: a number, its text, or a Go duration such as `1h30m`; 0 when absent. */
export function seconds(fields: Fields, name: string): number {
  const value = text(fields, name);
  if (value === "") return 0;
  const parsed = parseGoDuration(value);
  if (parsed === undefined) throw invalid(name, `time: invalid duration "${value}"`);
  if (parsed < 0) throw invalid(name, `cannot provide negative value '${parsed}'`);
  return parsed;
}

function invalid(name: string, why: string): VaultError {
  return new VaultError(400, `Field validation failed: error converting input for field "${name}": ${why}`);
}
