import { LeafdError, REASONS, type Reason } from "../domain/errors.ts";
import {
  PAUSE,
  type PauseRequest,
  type RenewRequest,
  type ResumeRequest,
  type Selection,
  type ServiceAnswer,
} from "../domain/operator.ts";
import { formatDuration } from "../domain/units.ts";
import type { EventRequest } from "./event-stream.ts";

/*
 * What goes over the two sockets: HTTP/1.1 with JSON bodies.
 *
 *   status.sock  GET  /v1/status                           → a DaemonStatus
 *                GET  /v1/explain?service=NAME             → an Explanation
 *                GET  /v1/events?service=NAME&follow=true  → JSON lines, one event each: what is kept, then what happens;
 *                                                            both parameters may be left out
 *   admin.sock   POST /v1/renew    SELECTION, "force": true?         → { "answers": ServiceAnswer[] }
 *                POST /v1/pause    SELECTION, "duration": MILLIS     → the same
 *                POST /v1/resume   SELECTION                         → the same
 *
 * SELECTION is `"all": true` or `"services": ["name", …]`. A member that is not known is refused: half a wish is worse
 * than none. A refusal is `{ "error": { reason, message, hint? } }` with a 4xx or 5xx status.
 */

export const STATUS_SOCKET = "status.sock";
export const ADMIN_SOCKET = "admin.sock";

/** For whoever asks for more than there is. */
export const OTHER_VERSION =
  "Where `leafd version` is later than the leafd that runs, restart that one: it costs no certificate.";

/** The service that is asked about; LeafdError `request_denied` when the query is another one. */
export function parseExplainQuery(query: URLSearchParams): string {
  const { service, ...rest } = Object.fromEntries(query);
  refuseUnknown(rest);
  if (service === undefined || service === "") throw notUnderstood("expected ?service=NAME");
  return service;
}

/** LeafdError `request_denied` when the query is not one for events. */
export function parseEventQuery(query: URLSearchParams): EventRequest {
  const { service, follow = "false", ...rest } = Object.fromEntries(query);
  refuseUnknown(rest);
  if (follow !== "true" && follow !== "false") throw notUnderstood('"follow" is true or false');
  return { follow: follow === "true", ...(service !== undefined && { service }) };
}

/** LeafdError `request_denied` when the text is not a RenewRequest. */
export function parseRenewRequest(text: string): RenewRequest {
  const { selection, rest } = parseSelection(text);
  const { force = false, ...unknown } = rest;
  if (typeof force !== "boolean") throw notUnderstood('"force" is true or false');
  refuseUnknown(unknown);
  return { ...selection, force };
}

/** LeafdError `request_denied` when the text is not a PauseRequest, or the pause is too short or too long. */
export function parsePauseRequest(text: string): PauseRequest {
  const { selection, rest } = parseSelection(text);
  const { duration, ...unknown } = rest;
  refuseUnknown(unknown);
  if (typeof duration === "number" && duration >= PAUSE.shortest && duration <= PAUSE.longest)
    return { ...selection, duration };
  const [least, most] = [PAUSE.shortest, PAUSE.longest].map(formatDuration);
  throw notUnderstood(`"duration" is a number of milliseconds, at least ${least} and at most ${most}`);
}

/** LeafdError `request_denied` when the text is not a ResumeRequest. */
export function parseResumeRequest(text: string): ResumeRequest {
  const { selection, rest } = parseSelection(text);
  refuseUnknown(rest);
  return selection;
}

/** LeafdError `bad_response` when the text is not a list of answers. */
export function parseAnswers(text: string): ServiceAnswer[] {
  const value = parseJson(text);
  if (isRecord(value) && Array.isArray(value["answers"]) && value["answers"].every(isServiceAnswer))
    return value["answers"];
  throw new LeafdError("bad_response", "the answer of leafd is not a list of answers");
}

/** A refusal as it crosses the socket; `errorFromJson` reads it. */
export function errorToJson({ reason, message, hint }: LeafdError): string {
  return JSON.stringify({ error: { reason, message, hint } });
}

/** The error of a refusal; `bad_response` when the text holds none. */
export function errorFromJson(text: string): LeafdError {
  const value = parseJson(text);
  const error = isRecord(value) ? value["error"] : undefined;
  if (isRecord(error) && typeof error["message"] === "string") {
    const { reason, message, hint } = error;
    // A leafd of another version may have reasons that this one does not know; what it says is good all the same.
    return new LeafdError(
      isReason(reason) ? reason : "bad_response",
      message,
      typeof hint === "string" ? { hint } : {},
    );
  }
  return new LeafdError("bad_response", "leafd refused without saying why");
}

/** The selection of a request, and the members that are none of its own. */
function parseSelection(text: string): { selection: Selection; rest: Readonly<Record<string, unknown>> } {
  const value = parseJson(text);
  if (isRecord(value)) {
    const { all, services, ...rest } = value;
    if (all === true && services === undefined) return { selection: { all }, rest };
    if (all === undefined && isStrings(services) && services.length > 0) return { selection: { services }, rest };
  }
  throw notUnderstood('expected {"all":true} or {"services":["name",…]}');
}

function refuseUnknown(members: Readonly<Record<string, unknown>>): void {
  const [name] = Object.keys(members);
  if (name !== undefined) throw notUnderstood(`this request has no member ${JSON.stringify(name)}`, OTHER_VERSION);
}

function notUnderstood(message: string, hint?: string): LeafdError {
  return new LeafdError("request_denied", message, hint === undefined ? {} : { hint });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isServiceAnswer(value: unknown): value is ServiceAnswer {
  if (!isRecord(value)) return false;
  const { service, accepted, message, warning } = value;
  const isComplete = typeof service === "string" && typeof accepted === "boolean" && typeof message === "string";
  return isComplete && (warning === undefined || typeof warning === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isReason(value: unknown): value is Reason {
  return REASONS.some((reason) => reason === value);
}
