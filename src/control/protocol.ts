import { LeafdError, REASONS, type Reason } from "../domain/errors.ts";

/*
 * What goes over the two sockets: HTTP/1.1 with JSON bodies.
 *
 *   status.sock  GET  /v1/status   → a DaemonStatus
 *   admin.sock   POST /v1/renew    RenewRequest → { "answers": RenewAnswer[] }
 *
 * A refusal is `{ "error": { reason, message, hint? } }` with a 4xx or 5xx status.
 */

export const STATUS_SOCKET = "status.sock";
export const ADMIN_SOCKET = "admin.sock";

/** Renew every service, or these. */
export type RenewRequest = { readonly all: true } | { readonly services: readonly string[] };

/** What became of the wish to renew one service. Accepted: the renewal is queued, not done. */
export interface RenewAnswer {
  readonly service: string;
  readonly accepted: boolean;
  readonly message: string;
}

/** LeafdError `request_denied` when the text is not a RenewRequest. */
export function parseRenewRequest(text: string): RenewRequest {
  const value = parseJson(text);
  if (isRecord(value)) {
    const { all, services } = value;
    if (all === true && services === undefined) return { all };
    if (all === undefined && isStrings(services) && services.length > 0) return { services };
  }
  throw new LeafdError("request_denied", 'expected {"all":true} or {"services":["name",…]}');
}

/** LeafdError `bad_response` when the text is not a list of answers. */
export function parseRenewAnswers(text: string): RenewAnswer[] {
  const value = parseJson(text);
  if (isRecord(value) && Array.isArray(value["answers"]) && value["answers"].every(isRenewAnswer))
    return value["answers"];
  throw new LeafdError("bad_response", "the answer of leafd is not one to a renewal");
}

export function errorToJson({ reason, message, hint }: LeafdError): string {
  return JSON.stringify({ error: { reason, message, hint } });
}

/** The error of a refusal; `bad_response` when the text holds none. */
export function errorFromJson(text: string): LeafdError {
  const value = parseJson(text);
  const error = isRecord(value) ? value["error"] : undefined;
  if (isRecord(error) && isReason(error["reason"]) && typeof error["message"] === "string") {
    const { reason, message, hint } = error;
    return new LeafdError(reason, message, typeof hint === "string" ? { hint } : {});
  }
  return new LeafdError("bad_response", "leafd refused without saying why");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRenewAnswer(value: unknown): value is RenewAnswer {
  if (!isRecord(value)) return false;
  const { service, accepted, message } = value;
  return typeof service === "string" && typeof accepted === "boolean" && typeof message === "string";
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
