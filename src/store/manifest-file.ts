import { type Manifest, RUNG_NAMES } from "../domain/manifest.ts";
import { CERTIFICATE, KEY, TRUST } from "./names.ts";
import { isObject } from "./record.ts";

const HEX = /^[0-9a-f]{1,128}$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** One plain name, or the generation itself: no slash, no other leading dot, so that it cannot lead out of there. */
const FILE_NAME = /^(\.|[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})$/;
const LONGEST_TEXT = 512;

/**
 * Reads `manifest.json` and answers undefined when it is not a manifest of this version. Fields that a later leafd
 * added are passed over, so that neither an upgrade nor a way back issues anything.
 */
export function parseManifest(json: string): Manifest | undefined {
  const value = parseJson(json);
  if (!isObject(value) || value.version !== 1) return undefined;
  const rung = RUNG_NAMES.find((name) => name === value.rung);
  if (rung === undefined) return undefined;
  const { service, generation, requestHash, deliveryHash, serial, fingerprint, issuer, receivedAt, firstDue } = value;
  const { dependentWasBroken } = value;
  if (!isText(service) || !isText(generation) || !isText(issuer)) return undefined;
  if (!isText(requestHash) || !isText(deliveryHash)) return undefined;
  if (!matches(serial, HEX) || !matches(fingerprint, SHA256)) return undefined;
  if (!isTime(receivedAt) || !isTime(firstDue)) return undefined;
  const files = textMap(value.files, SHA256);
  if (files === undefined || ![CERTIFICATE, KEY, TRUST].every((name) => name in files)) return undefined;
  const access = value.access === undefined ? undefined : textMap(value.access, /^[0-7]{4} \d{1,10}:\d{1,10}$/);
  return {
    version: 1,
    rung,
    service,
    generation,
    requestHash,
    deliveryHash,
    serial,
    fingerprint,
    files,
    issuer,
    receivedAt,
    firstDue,
    ...(access === undefined ? {} : { access }),
    ...(typeof dependentWasBroken === "boolean" && { dependentWasBroken }),
  };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_TEXT;
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** An object of file names to texts of one form; undefined when any entry is another thing. */
function textMap(value: unknown, form: RegExp): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (!FILE_NAME.test(name) || !matches(text, form)) return undefined;
    entries.push([name, text]);
  }
  return Object.fromEntries(entries);
}
