import { type Fields, VaultError } from "./protocol.ts";

/*
 * Reading a request's fields as Vault does: numbers or text for durations, lists or comma-separated text for lists,
 * and what has another type answers 400.
 */

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};

/** Text, or "" when the field is absent. */
export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw invalid(name, `expected type 'string', got ${typeof value}`);
}

export function flag(fields: Fields, name: string, absent = false): boolean {
  const value = fields[name];
  if (value === undefined || value === null) return absent;
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw invalid(name, `cannot parse '${JSON.stringify(value)}' as bool`);
}

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

/** Seconds of a number's text or a Go duration; undefined when it is neither. Vault adds days to Go's units. */
export function parseGoDuration(value: string): number | undefined {
  if (/^-?\d+$/.test(value)) return Number(value);
  const parts = /^(-?)((?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d))+)$/.exec(value);
  if (parts === null) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of (parts[2] ?? "").matchAll(/([\d.]+)([a-z]+)/g))
    total += Number(amount) * (UNIT_SECONDS[unit] ?? 0);
  return parts[1] === "-" ? -total : total;
}

/** `900h0m0s`, as Go prints a duration. */
export function goDuration(total: number): string {
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

function invalid(name: string, why: string): VaultError {
  return new VaultError(400, `Field validation failed: error converting input for field "${name}": ${why}`);
}
