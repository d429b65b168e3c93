import { type Manifest, RUNG_NAMES } from "../domain/manifest.ts";
import type { EpochMillis } from "../domain/units.ts";
import { CERTIFICATE, KEY, TRUST } from "./names.ts";
import { fieldsOf, isObject, laterVersion } from "./record.ts";

const HEX = /^[0-9a-f]{1,128}$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** One plain name, or the generation itself: no slash, no other leading dot, so that it cannot lead out of there. */
const FILE_NAME = /^(\.|[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})$/;
const ACCESS = /^[0-7]{4} \d{1,10}:\d{1,10}$/;
const ANY_TEXT = /[^]/;
const LONGEST_TEXT = 512;
const PAIR = [CERTIFICATE, KEY, TRUST];

/**
 * Reads `manifest.json` and answers undefined when a field of this version is not in it in its form. Fields that a later
 * leafd added are passed over, so that neither an upgrade nor a way back issues anything.
 */
export function parseManifest(json: string): Manifest | undefined {
  const { rung, service, generation, requestHash, deliveryHash, ...known } = readManifest(json).known;
  const { serial, fingerprint, files, issuer, receivedAt, firstDue, access, dependentWasBroken } = known;
  if (rung === undefined || service === undefined || generation === undefined || issuer === undefined) return undefined;
  if (requestHash === undefined || deliveryHash === undefined) return undefined;
  if (serial === undefined || fingerprint === undefined || files === undefined) return undefined;
  if (receivedAt === undefined || firstDue === undefined) return undefined;
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
    ...(dependentWasBroken === undefined ? {} : { dependentWasBroken }),
  };
}

export interface PartialManifest {
  /** What of it can be understood. */
  readonly known: { readonly [Field in Exclude<keyof Manifest, "version">]?: Manifest[Field] | undefined };
  /** Its version, when a later leafd than this one wrote it. */
  readonly later: number | undefined;
}

/** Reads as much as there is of `manifest.json`; of a text that is none, nothing. */
export function readManifest(json: string): PartialManifest {
  const value = parseJson(json);
  const fields: Readonly<Record<string, unknown>> = fieldsOf(value) ?? {};
  const files = textMap(fields.files, SHA256);
  const known = {
    service: textIn(fields.service),
    generation: textIn(fields.generation),
    requestHash: textIn(fields.requestHash),
    deliveryHash: textIn(fields.deliveryHash),
    serial: textIn(fields.serial, HEX),
    fingerprint: textIn(fields.fingerprint, SHA256),
    files: files !== undefined && PAIR.every((name) => name in files) ? files : undefined,
    access: textMap(fields.access, ACCESS),
    issuer: textIn(fields.issuer),
    rung: RUNG_NAMES.find((name) => name === fields.rung),
    receivedAt: timeIn(fields.receivedAt),
    firstDue: timeIn(fields.firstDue),
    dependentWasBroken: typeof fields.dependentWasBroken === "boolean" ? fields.dependentWasBroken : undefined,
  };
  return { known, later: laterVersion(value) };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function textIn(value: unknown, form: RegExp = ANY_TEXT): string | undefined {
  return typeof value === "string" && value.length <= LONGEST_TEXT && form.test(value) ? value : undefined;
}

function timeIn(value: unknown): EpochMillis | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** An object of file names to texts of one form; undefined when any entry is another thing. */
function textMap(value: unknown, form: RegExp): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    const known = textIn(text, form);
    if (!FILE_NAME.test(name) || known === undefined) return undefined;
    entries.push([name, known]);
  }
  return Object.fromEntries(entries);
}
